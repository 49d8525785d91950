"""`extremum onset`: the onsets of a subject as a table, as a record and as a plot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from extremum.properties.onset.lines import LINES
from extremum.properties.onset.thresholds import Onset, lengths_of, onset
from extremum.properties.roles.registry import roles
from extremum.properties.steps.resolve import introduce, resolve
from extremum.reference.arithmetic.formats import format_of
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.request import names
from extremum.reports.record.files import writable_file, write
from extremum.reports.record.record import version
from extremum.reports.record.text import decimals
from extremum.reports.views.extra import missing

SCHEMA = "extremum.onset/1"
PICTURES = (".png", ".svg")
COLUMNS = 120  # of the table where its reader is no terminal
SHOWN = 40  # characters of an answer that the table has room for
LEGEND = "v: the last that holds and the first that fails; 'every v' is up to the largest finite value"


@dataclass
class OnsetMap:
    """The onsets of some subjects, what was left out and why, and the records of the subjects."""

    rows: list[Onset] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    subjects: list[Mapping[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The record: `rows` as `Onset` has them, `v` in C99 hex; the lines are described once."""
        return {
            "schema": SCHEMA,
            "tool": {"name": "extremum", "version": version()},
            "subject": ", ".join(dict.fromkeys(s["name"] for s in self.subjects)),
            "subjects": [dict(s) for s in self.subjects],
            "lines": {line.name: line.description for line in LINES},
            "notes": list(self.notes),
            "rows": [row.to_json() for row in self.rows],
        }

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> OnsetMap:
        """The inverse of `to_json`; raises `UsageError` for a record of another schema."""
        if record.get("schema") != SCHEMA:
            raise UsageError(f"schema={record.get('schema')!r} is not {SCHEMA!r}: not a map of onsets of this version")
        rows = [Onset.from_json(row) for row in record["rows"]]
        return OnsetMap(rows, list(record["notes"]), list(record["subjects"]))


@dataclass(frozen=True)
class Wanted:
    """What the command was asked for, checked before anything is run."""

    subjects: Sequence[Subject]
    dtypes: Sequence[str] | None
    lengths: Sequence[int] | None
    json_file: Path | None
    plot: Path | None

    @staticmethod
    def of(
        spec: str,
        role: str | None = None,
        dtype: Sequence[str] = (),
        length: Sequence[str] = (),
        json_file: str | None = None,
        plot: str | None = None,
    ) -> Wanted:
        """The words of the command line as values; raises `UsageError` for the first that is not valid."""
        dtypes = names(dtype)
        for name in dtypes or ():
            format_of(name)
        lengths = [_whole(word) for word in names(length) or ()] or None
        found = resolve(spec, role)
        for subject in found:
            lengths_of(roles()[subject.role], lengths)
        if plot is not None and Path(plot).suffix not in PICTURES:
            raise UsageError(f"plot={plot!r} is not a picture: its name ends in {' or '.join(PICTURES)}")
        if plot is not None and (why := missing("matplotlib")):
            raise UsageError(f"plot={plot!r} cannot be drawn: {why}")
        for option, file in (("json", json_file), ("plot", plot)):
            if file is not None:
                writable_file(Path(file), option)
        return Wanted(found, dtypes, lengths, Path(json_file) if json_file else None, Path(plot) if plot else None)


def find(wanted: Wanted, console: Console) -> OnsetMap:
    """Find the onsets, show them as they come, and write the files that were asked for."""
    result = OnsetMap()
    for subject in wanted.subjects:
        role = roles()[subject.role]
        record = introduce(subject)
        result.subjects.append(record)
        console.print(escape(record["line"]), highlight=False, soft_wrap=True, style="dim")
        steps = len(wanted.dtypes or subject.dtypes) * len(lengths_of(role, wanted.lengths)) * len(LINES)
        notes: list[str] = []
        columns = (TextColumn("bisecting"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            step = partial(progress.advance, progress.add_task("", total=steps))
            rows = onset(subject, role, wanted.dtypes, wanted.lengths, tell=notes.append, step=step)
        result.rows += rows
        result.notes += notes
        show(rows, notes, console)
    if wanted.json_file is not None:
        write(wanted.json_file, json.dumps(result.to_json(), indent=1, allow_nan=False) + "\n")
    if wanted.plot is not None:
        from extremum.reports.views.onset_plot import save

        save(result.rows, wanted.plot)
    return result


def show(rows: Sequence[Onset], notes: Sequence[str], console: Console) -> None:
    """A table for each dtype and line of inputs, and a sentence for what was left out."""
    if not console.is_terminal:
        console.width = max(console.width, COLUMNS)
    for dtype in dict.fromkeys(row.dtype for row in rows):
        for line in LINES:
            if chosen := [row for row in rows if (row.dtype, row.line) == (dtype, line.name)]:
                console.print()
                console.print(table(chosen, f"{dtype}, {line.name}: {line.description}"))
    if rows:
        console.print(f"[dim]{LEGEND}[/]", highlight=False)
    for note in notes:
        console.print(f"[yellow]{escape(note)}[/]", highlight=False, soft_wrap=True)


def table(rows: Sequence[Onset], title: str) -> Table:
    """The onsets along one line in one dtype: a row for each kind, and for lengths that follow with the same ends."""
    shown = Table(title=escape(title), title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("", "n", "holds at", "in hex", "fails at", "answer"):
        shown.add_column(name, no_wrap=True, justify="right" if name == "n" else "left")
    alike: dict[Any, list[str]] = {}  # kinds that begin at the same values, as a bound does where the row overflows
    for kind in dict.fromkeys(row.kind for row in rows):
        chosen = [row for row in rows if row.kind == kind]
        alike.setdefault(tuple((row.length, row.holds_at, row.fails_at) for row in chosen), []).append(kind)
    for together in alike.values():
        name = ", ".join(together)
        chosen = [row for row in rows if row.kind == together[0]]
        for _, run in groupby(chosen, lambda row: (row.holds_at, row.fails_at, row.got)):
            same = list(run)
            ends = dict.fromkeys(str(row.length) for row in (same[0], same[-1]))
            shown.add_row(name, " .. ".join(ends), *_ends(same[0]))
            name = ""
    return shown


def _ends(row: Onset) -> Iterator[str]:
    if row.fails_at is None:
        yield from ("[dim]every v[/]", "", "", "")
        return
    holds = ("[dim]no v[/]", "") if row.holds_at is None else (decimals(row.holds_at, row.dtype), row.holds_at)
    yield from (*holds, decimals(row.fails_at, row.dtype), escape(row.got[:SHOWN]))


def _whole(word: str) -> int:
    if not word.isdecimal():
        raise UsageError(f"length={word!r} is not a whole number")
    return int(word)
