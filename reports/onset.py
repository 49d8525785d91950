"""`extremum onset`: the onsets of a subject as a table, as a record and as a plot."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from math import ceil, floor, log2, log10, nan
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from extremum.properties.lines import LINES
from extremum.properties.onset import Onset, lengths_of, onset
from extremum.properties.resolve import introduce, resolve
from extremum.properties.roles import roles
from extremum.reference.errors import UsageError
from extremum.reference.formats import FORMATS, format_of
from extremum.reference.subjects import Subject
from extremum.reports.plots import settings
from extremum.reports.report import version, writable_file, write
from extremum.reports.request import names
from extremum.reports.text import decimals

SCHEMA = "extremum.onset/1"
PICTURES = (".png", ".svg")
COLUMNS = 120  # of the table where its reader is no terminal
SHOWN = 40  # characters of an answer that the table has room for
LEGEND = "v: the last that holds and the first that fails; 'every v' is up to the largest finite value"

# Okabe and Ito's colours, which those tell apart who see fewer of them; a line of inputs each.
COLOURS = MappingProxyType(
    {
        "all-equal": "#0072B2",
        "one-among-zeros": "#D55E00",
        "gap": "#009E73",
        "all-equal-negative": "#56B4E9",
        "one-among-zeros-negative": "#CC79A7",
    }
)
STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(  # of a kind of failure; where lines coincide all are seen
    {
        "bound": {"linewidth": 5, "alpha": 0.35, "zorder": 2},
        "overflow": {"linewidth": 1.4, "marker": "^", "markersize": 4, "zorder": 3},
        "underflow": {"linewidth": 1.4, "linestyle": "--", "marker": "v", "markersize": 4, "zorder": 3},
    }
)
FLOOR = 0.06  # of a panel's height, below its logarithmic axis: the lane of those that fail at 0


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


def save(rows: Sequence[Onset], file: Path) -> None:
    """Write the plot, as the picture that the file's suffix names."""
    beside = file.with_name(f".{file.stem}.{os.getpid()}{file.suffix}")
    try:
        with settings():
            draw(rows).savefig(beside, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def draw(rows: Sequence[Onset]) -> Figure:
    """A panel for each dtype, a row of panels for each subject: the first v that fails, by length, kind and line."""
    subjects = list(dict.fromkeys((row.role, row.subject) for row in rows)) or [("", "")]
    dtypes = [name for name in FORMATS if name in {row.dtype for row in rows}] or [""]
    figure = Figure((1 + 3.3 * max(len(dtypes), 2), 0.9 + 3.3 * len(subjects)), layout="constrained")
    panels = figure.subplots(len(subjects), len(dtypes), squeeze=False)
    for (role, subject), across in zip(subjects, panels, strict=True):
        for dtype, axes in zip(dtypes, across, strict=True):
            chosen = [row for row in rows if (row.role, row.subject, row.dtype) == (role, subject, dtype)]
            _panel(axes, chosen)
            axes.set_title(f"{subject}, {dtype}", loc="left", fontsize=10)
        across[0].set_ylabel("first v that fails", fontsize=9)
    for axes in panels[-1]:
        axes.set_xlabel("length of the row", fontsize=9)
    drawn = [row for row in rows if row.fails_at is not None]
    figure.legend(handles=list(_legend(drawn)), loc="outside lower center", ncols=3, fontsize=8.5, frameon=False)
    return figure


def _panel(axes: Axes, rows: Sequence[Onset]) -> None:
    """One panel. A lane at the bottom is for those that fail at 0; what fails nowhere is not drawn."""
    values = [float.fromhex(row.fails_at) for row in rows if row.fails_at is not None]
    low, high = _range([v for v in values if v > 0])
    bottom = low - (high - low) * FLOOR / (1 - FLOOR)
    for kind, line in dict.fromkeys((row.kind, row.line) for row in rows):
        points = {row.length: row.fails_at for row in rows if (row.kind, row.line) == (kind, line)}
        reached = [nan if v is None else float.fromhex(v) for v in points.values()]
        heights = [bottom if v == 0 else log10(v) for v in reached]
        axes.plot([log2(n) for n in points], heights, color=COLOURS[line], clip_on=False, **STYLES[kind])
    ticks = _ticks(low, high)
    zero = any(v == 0 for v in values)
    axes.set_yticks([*([bottom] if zero else []), *map(log10, ticks)], [*(["0"] if zero else []), *map(_number, ticks)])
    axes.set_ylim(bottom, high)
    exponents = range(0, max((row.length.bit_length() for row in rows), default=1) + 1, 4)
    axes.set_xticks(list(exponents), [str(2**k) for k in exponents])
    axes.grid(color="#d8d8d8", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    if not values:
        axes.text(0.5, 0.5, "fails nowhere", transform=axes.transAxes, ha="center", fontsize=10, color="#606060")


def _range(values: Sequence[float]) -> tuple[float, float]:
    """From where to where the axis goes, as decimal logarithms: a tenth of a decade at least, and some room."""
    ends = [log10(v) for v in (min(values, default=1.0), max(values, default=10.0))]
    room = max(0.05 - (ends[1] - ends[0]) / 2, 0.06 * (ends[1] - ends[0]))
    return ends[0] - room, ends[1] + room


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between: evenly spaced where the axis is short, then 1, 2 and 5, else powers of ten."""
    if high - low < 0.5:
        places = [float(v) for v in MaxNLocator(6).tick_values(10.0**low, 10.0**high)]
    else:
        step, digits = max(1, ceil((high - low) / 6)), (1, 2, 5) if high - low < 2 else (1,)
        places = [digit * 10.0**d for d in range(floor(low), ceil(high)) if d % step == 0 for digit in digits]
    return [v for v in places if v > 0 and low <= log10(v) <= high]


def _number(value: float) -> str:
    exponent = round(log10(value))
    return f"{value:g}" if 1e-3 <= value < 1e5 else f"$10^{{{exponent}}}$"


def _legend(rows: Sequence[Onset]) -> Iterator[Line2D]:
    """The kinds in grey, and the lines of inputs in their colours."""
    for kind in STYLES:
        if kind in {row.kind for row in rows}:
            yield Line2D([], [], color="#505050", label=kind, **STYLES[kind])
    for line in LINES:
        if line.name in {row.line for row in rows}:
            yield Line2D([], [], color=COLOURS[line.name], linewidth=3, label=f"{line.name}: {line.description}")


def _whole(word: str) -> int:
    if not word.isdecimal():
        raise UsageError(f"length={word!r} is not a whole number")
    return int(word)
