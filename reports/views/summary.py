"""The answer on a terminal: subjects by properties, the findings, the counts."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from extremum.properties.values.finding import Cell
from extremum.reports.record.record import Record
from extremum.reports.record.text import finding_lines
from extremum.reports.views.marks import MARKS, mark_key

NO_BREAK = "\u00a0"


def print_line(console: Console, markup: str, style: str | None = None) -> None:
    """One line, however long: it can be searched for, and copied."""
    console.print(markup, style=style, highlight=False, soft_wrap=True)


def summary(report: Record, console: Console) -> None:
    """The table of subjects by properties, each finding that nobody declared, and the counts."""
    for role in dict.fromkeys(c.role for c in report.cells):
        cells = [c for c in report.cells if c.role == role]
        console.print(f"[italic]{role}: {' '.join(dict.fromkeys(c.dtype for c in cells))}[/]", highlight=False)
        console.print(matrix(cells))
    for line in legend(console.width):
        print_line(console, escape(line), "dim")
    for cell in report.unexpected:
        console.print()
        head, *lines = finding_lines(cell)
        print_line(console, f"[bold red]{escape(head)}[/]")
        for line in lines:
            print_line(console, escape(line))
    console.print()
    print_counts(report.summary, console)


def as_text(report: Record) -> str:
    """What `summary` shows, in lines of 80 columns."""
    console = Console(file=StringIO(), width=80, color_system=None)
    summary(report, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().strip("\n")


def print_counts(s: Mapping[str, Any], console: Console) -> None:
    """How many cells have each verdict, and what to do about those that were not judged."""
    proved = f"{s['proved']} proved, " if s["proved"] else ""
    console.print(
        f"[bold]{s['cells']} cells[/], {s['examined']:,} rows examined: {proved}{s['held']} held, "
        f"{s['refuted']} refuted ({s['expected']} as declared), {s['crashed']} crashed, {s['hung']} hung, "
        f"{s['incomplete']} incomplete, {s['inapplicable']} inapplicable",
        highlight=False,
    )
    if s["incomplete"]:
        console.print(
            f"[yellow]{s['incomplete']} cells were not judged to their end:[/] give them more time with --budget or "
            "--cell-timeout, or less to do with --property, --dtype or --regime",
            highlight=False,
        )


def legend(width: int) -> list[str]:
    """What each mark stands for, in lines of at most `width` columns; a mark and its name stay together."""
    marks = [f"{mark.letter} {mark.name}".replace(" ", NO_BREAK) for mark in MARKS.values()]
    return [line.replace(NO_BREAK, " ") for line in textwrap.wrap("  ".join(marks), width)]


def matrix(cells: Sequence[Cell]) -> Table:
    """Subjects by properties; in each field a mark per dtype."""
    dtypes = list(dict.fromkeys(c.dtype for c in cells))
    table = Table(box=None, pad_edge=False)
    table.add_column("property", no_wrap=True)
    subjects = list(dict.fromkeys(c.subject for c in cells))
    short = {subject: subject.rpartition(":")[2] or subject for subject in subjects}
    for subject, title in short.items():  # autograd:softmax and torch-autograd:softmax need their whole names
        alone = list(short.values()).count(title) == 1
        table.add_column(escape(title if alone else subject), justify="center", overflow="fold")
    marks: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for cell in cells:
        mark = MARKS[mark_key(cell)]
        marks[cell.property, cell.subject][cell.dtype] = f"[{mark.style}]{mark.letter}[/]"
    for prop in dict.fromkeys(c.property for c in cells):
        row = ["".join(marks[prop, s].get(d, " ") for d in dtypes) for s in subjects]
        table.add_row(prop, *row)
    return table
