"""The terminal of `extremum audit`: findings as they come, a progress bar, and a table at the end."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Sequence

import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from extremum.properties.steps.resolve import introduce
from extremum.properties.values.finding import Cell
from extremum.reports.driving.session import Audit
from extremum.reports.record.record import Record
from extremum.reports.record.text import finding_lines, witness_rows

MARKS = {  # how a verdict looks in a table: a letter for those who see no colour
    "proved": "[green]P[/]",
    "held": "[green].[/]",
    "refuted": "[bold red]R[/]",
    "crashed": "[bold magenta]C[/]",
    "hung": "[bold magenta]H[/]",
    "incomplete": "[yellow]?[/]",
    "inapplicable": "[dim]-[/]",
}
EXPECTED = "[yellow]r[/]"
MISSED = "[bold red]M[/]"
LEGEND = (
    "P proved  . held  R refuted  r refuted as declared  M declared, yet it held  C crashed  H hung  ? incomplete  "
    "- inapplicable"
)


class Patient(Console):
    """A console whose reader may leave early (`| head`): the audit goes on, and the report is written."""

    def on_broken_pipe(self) -> None:
        """Write nowhere from now on."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
            TextColumn("[red]{task.fields[found]} found"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.bar = self.progress.add_task("", total=None, found=0)
        self.found = 0

    def pytest_extremum_cell(self, cell: Cell) -> None:
        if cell.unexpected:
            self.found += 1
            self.console.print(headline(cell), highlight=False, soft_wrap=True)
        elif cell.found:
            self.console.print(f"[yellow]as declared[/] {escape(short(cell))}", highlight=False, soft_wrap=True)
        self.progress.update(self.bar, advance=1, found=self.found)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self.audit = config.pluginmanager.get_plugin("extremum-audit")
        if self.audit is None:
            return
        for subject in self.audit.subjects:
            self.console.print(escape(introduce(subject)["line"]), highlight=False, soft_wrap=True, style="dim")
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
    given = [text for name, text in witness_rows("", cell.simplest, cell) if not name] if cell.simplest else []
    argument = "  ".join(given)
    return f"[bold red]{cell.verdict}[/] {escape(short(cell))}  [dim]{escape(argument)}[/]"


def summary(report: Record, console: Console) -> None:
    """The table of subjects by properties, each finding that nobody declared, and the counts."""
    for role in dict.fromkeys(c.role for c in report.cells):
        cells = [c for c in report.cells if c.role == role]
        console.print(f"[italic]{role}: {' '.join(dict.fromkeys(c.dtype for c in cells))}[/]", highlight=False)
        console.print(matrix(cells))
    console.print(f"[dim]{LEGEND}[/]", highlight=False)
    for cell in report.unexpected:
        console.print()
        head, *lines = finding_lines(cell)
        console.print(f"[bold red]{escape(head)}[/]", highlight=False, soft_wrap=True)
        for line in lines:
            console.print(escape(line), highlight=False, soft_wrap=True)
    s = report.summary
    proved = f"{s['proved']} proved, " if s["proved"] else ""
    console.print()
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
        marks[cell.property, cell.subject][cell.dtype] = mark(cell)
    for prop in dict.fromkeys(c.property for c in cells):
        row = ["".join(marks[prop, s].get(d, " ") for d in dtypes) for s in subjects]
        table.add_row(prop, *row)
    return table


def mark(cell: Cell) -> str:
    """The mark of a cell in the table."""
    if cell.missed:
        return MISSED
    return EXPECTED if cell.found and cell.expected else MARKS[cell.verdict]
