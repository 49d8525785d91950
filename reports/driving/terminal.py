"""The terminal of `extremum audit`: findings as they come, a progress bar, and a table at the end."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from extremum.properties.steps.resolve import introduce
from extremum.properties.values.finding import Cell
from extremum.reports.driving.console import print_line
from extremum.reports.driving.session import Audit
from extremum.reports.record.record import Record
from extremum.reports.record.text import finding_lines, witness_rows
from extremum.reports.views.marks import MARKS, mark_key

NO_BREAK = "\u00a0"


class Terminal:
    """A pytest plugin that shows an audit's cells as they are judged."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.audit: Audit | None = None
        self.progress = Progress(
            TextColumn("auditing"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TextColumn("[red]{task.fields[findings]} found"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.bar = self.progress.add_task("", total=None, findings=0)
        self.findings = 0

    def pytest_extremum_cell(self, cell: Cell) -> None:
        if cell.unexpected:
            self.findings += 1
            print_line(self.console, headline(cell))
        elif cell.found:
            print_line(self.console, f"[yellow]as declared[/] {escape(short(cell))}")
        self.progress.update(self.bar, advance=1, findings=self.findings)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self.audit = config.pluginmanager.get_plugin("extremum-audit")
        if self.audit is None:
            return
        for subject in self.audit.subjects:
            if subject.misfit:
                print_line(self.console, f"[bold red]not audited[/] {escape(subject.misfit)}")
        for subject in self.audit.subjects:
            print_line(self.console, escape(introduce(subject)["line"]), "dim")
        self.progress.update(self.bar, total=len(self.audit.tasks))
        if self.console.is_terminal:
            self.progress.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self.progress.stop()


def short(cell: Cell) -> str:
    """A finding in half a line."""
    why = ": ".join(filter(None, (cell.cause, cell.detail)))
    return f"{cell.subject} {cell.property} {cell.dtype}" + (f": {why}" if why else "")


def headline(cell: Cell) -> str:
    """A finding in one line, with its simplest witness."""
    if cell.missed:
        return f"[bold red]missed[/] {escape(short(cell))}: declared to fail, and it {cell.verdict}"
    rows = witness_rows("", cell.simplest, cell) if cell.simplest else []
    arguments = "  ".join(text for name, text in rows if not name)
    return f"[bold red]{cell.verdict}[/] {escape(short(cell))}  [dim]{escape(arguments)}[/]"


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
