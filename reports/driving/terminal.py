"""The terminal of `extremum audit`: findings as they come, a progress bar, and a table at the end."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from extremum.properties.steps.resolve import introduce
from extremum.properties.values.finding import Cell
from extremum.reports.driving.session import Audit
from extremum.reports.record.text import witness_rows
from extremum.reports.views.summary import print_line

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
