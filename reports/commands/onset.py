"""`extremum onset`: the onsets of a subject as a table, as a record and as a plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import TimeElapsedColumn
from rich.table import Table

from extremum.properties.onset.lines import LINES
from extremum.properties.onset.thresholds import Onset, lengths_of, onset
from extremum.properties.roles.registry import known_roles
from extremum.properties.steps.resolve import heard, introduce, resolve
from extremum.properties.steps.trial import Wish
from extremum.reference.arithmetic.formats import format_of
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.console import counting, widen
from extremum.reports.driving.options import names
from extremum.reports.record.files import file_to_write, indented, write
from extremum.reports.record.numbers import decimals
from extremum.reports.record.record import version
from extremum.reports.views.extra import missing
from extremum.reports.views.summary import print_line

SCHEMA = "extremum.onset/1"
PICTURES = (".png", ".svg")
ANSWER_CHARACTERS = 40  # of an answer that the table has room for
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
class OnsetOptions:
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
    ) -> OnsetOptions:
        """The words of the command line as values; raises `UsageError` for the first that is not valid."""
        dtypes = names(dtype)
        for name in dtypes or ():
            format_of(name)
        lengths = [_whole(word) for word in names(length) or ()] or None
        subjects = resolve(spec, role, wish=Wish(dtypes=dtypes))
        if subjects[0].misfit:
            raise UsageError(subjects[0].misfit)
        for subject in subjects:
            lengths_of(known_roles()[subject.role], lengths, subject.length)
        if plot is not None and Path(plot).suffix not in PICTURES:
            raise UsageError(f"plot={plot!r} is not a picture: its name ends in {' or '.join(PICTURES)}")
        if plot is not None and (why := missing("matplotlib")):
            raise UsageError(f"plot={plot!r} cannot be drawn: {why}")
        return OnsetOptions(subjects, dtypes, lengths, file_to_write("json", json_file), file_to_write("plot", plot))


def run_onset(options: OnsetOptions, console: Console) -> OnsetMap:
    """Find the onsets, show them as they come, and write the files that were asked for."""
    onsets = OnsetMap()
    for subject in options.subjects:
        role = known_roles()[subject.role]
        record = introduce(subject)
        onsets.subjects.append(record)
        print_line(console, escape(record["line"]), "dim")
        for line in heard(subject):
            click.echo(f"extremum: {line}", err=True)
        steps = len(options.dtypes or subject.dtypes) * len(lengths_of(role, options.lengths)) * len(LINES)
        notes: list[str] = []
        with counting(console, "bisecting", steps, TimeElapsedColumn()) as step:
            rows = onset(subject, role, options.dtypes, options.lengths, tell=notes.append, step=step)
        onsets.rows += rows
        onsets.notes += notes
        show(rows, notes, console)
    if options.json_file is not None:
        write(options.json_file, indented(onsets.to_json()))
    if options.plot is not None:
        from extremum.reports.views.onset_plot import save

        save(onsets.rows, options.plot)
    return onsets


def show(rows: Sequence[Onset], notes: Sequence[str], console: Console) -> None:
    """A table for each dtype and line of inputs, and a sentence for what was left out."""
    widen(console)
    for dtype in dict.fromkeys(row.dtype for row in rows):
        for line in LINES:
            if chosen := [row for row in rows if (row.dtype, row.line) == (dtype, line.name)]:
                console.print()
                console.print(table(chosen, f"{dtype}, {line.name}: {line.description}"))
    if rows:
        console.print(f"[dim]{LEGEND}[/]", highlight=False)
    for note in notes:
        print_line(console, f"[yellow]{escape(note)}[/]")


def table(rows: Sequence[Onset], title: str) -> Table:
    """The onsets along one line in one dtype: a row for each kind, and for lengths that follow with the same ends."""
    grid = Table(title=escape(title), title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("", "n", "holds at", "in hex", "fails at", "answer"):
        grid.add_column(name, no_wrap=True, justify="right" if name == "n" else "left")
    alike: dict[Any, list[str]] = {}  # kinds that begin at the same values, as a bound does where the row overflows
    for kind in dict.fromkeys(row.kind for row in rows):
        chosen = [row for row in rows if row.kind == kind]
        alike.setdefault(tuple((row.length, row.holds_at, row.fails_at) for row in chosen), []).append(kind)
    for kinds in alike.values():
        name = ", ".join(kinds)
        chosen = [row for row in rows if row.kind == kinds[0]]
        for _, run in groupby(chosen, lambda row: (row.holds_at, row.fails_at, row.got)):
            same = list(run)
            ends = dict.fromkeys(str(row.length) for row in (same[0], same[-1]))
            grid.add_row(name, " .. ".join(ends), *_ends(same[0]))
            name = ""
    return grid


def _ends(row: Onset) -> Iterator[str]:
    if row.fails_at is None:
        yield from ("[dim]every v[/]", "", "", "")
        return
    holds = ("[dim]no v[/]", "") if row.holds_at is None else (decimals(row.holds_at, row.dtype), row.holds_at)
    yield from (*holds, decimals(row.fails_at, row.dtype), escape(row.got[:ANSWER_CHARACTERS]))


def _whole(word: str) -> int:
    if not word.isdecimal():
        raise UsageError(f"length={word!r} is not a whole number")
    return int(word)
