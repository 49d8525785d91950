"""The terminal of `extremum audit` while it works: what is audited, a progress bar, the first failure of a subject."""

from __future__ import annotations

import os

import click
import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from extremum.properties.calling.missing_limits import missing_limits
from extremum.properties.diagnosis.cause_table import UNKNOWN
from extremum.properties.steps.resolve import heard, introduce
from extremum.properties.values.finding import Cell
from extremum.reports.driving.heartbeat import Heartbeat
from extremum.reports.driving.session import Audit
from extremum.reports.record.numbers import number_of
from extremum.reports.views.answer import FEW_SUBJECTS
from extremum.reports.views.summary import Detail, print_line


class Terminal:
    """A pytest plugin that shows an audit's cells as they are judged, in as much `detail` as is asked for."""

    def __init__(self, console: Console, detail: Detail = Detail.FINDINGS) -> None:
        self.detail = detail
        self.told: set[tuple[str, str]] = set()
        self.console = console
        self.audit: Audit | None = None
        self.progress = Progress(
            TextColumn("auditing"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TextColumn("[red]{task.fields[failed]} failed"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.bar = self.progress.add_task("", total=None, failed=0)
        self.cells_failed = 0
        self.heartbeat = Heartbeat(self.beat)
        try:
            self.errors = os.dup(2)  # pytest captures what is written to standard error while a cell is judged
        except OSError:
            self.errors = -1

    def pytest_extremum_cell(self, cell: Cell) -> None:
        self.cells_failed += cell.unexpected
        subject = cell.role, cell.subject
        # One line a subject tells that something is wrong; what it is, with all its cells, is told at the end.
        first = self.detail is Detail.FINDINGS and cell.unexpected and subject not in self.told
        if first or (self.detail is Detail.CELLS and (cell.found or cell.missed)):
            self.told.add(subject)
            print_line(self.console, headline(cell))
        self.progress.update(self.bar, advance=1, failed=self.cells_failed)

    def pytest_extremum_refused(self, message: str) -> bool:
        click.echo(f"extremum: {message}", err=True)
        return True

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self.audit = config.pluginmanager.get_plugin("extremum-audit")
        if self.audit is None:
            return
        gate = self.audit.gate
        told = {
            Detail.ANSWER: gate.brief if gate.failed or gate.expired else [],
            Detail.FINDINGS: gate.brief,
            Detail.CELLS: gate.lines,
        }
        for line in told[self.detail]:
            print_line(self.console, escape(line))
        subjects = self.audit.subjects
        for subject in subjects:
            if subject.misfit:
                print_line(self.console, f"[bold red]not audited[/] {escape(subject.misfit)}")
        few = len(subjects) <= FEW_SUBJECTS
        if self.detail is Detail.CELLS or (few and self.detail is Detail.FINDINGS):
            for subject in subjects:
                print_line(self.console, escape(introduce(subject)["line"]), "dim")
        elif self.detail is Detail.FINDINGS:
            roles = len({subject.role for subject in subjects})
            print_line(self.console, f"{number_of(len(subjects), 'subject')} of {number_of(roles, 'role')}", "dim")
        if self.detail is not Detail.ANSWER and (lacking := missing_limits()):
            print_line(self.console, escape(lacking), "dim")
        for line in (line for subject in subjects for line in heard(subject)):
            click.echo(f"extremum: {line}", err=True)
        self.progress.update(self.bar, total=len(self.audit.tasks))
        if self.console.is_terminal:
            self.progress.start()
        else:
            self.heartbeat.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        if self.console.is_terminal:
            self.progress.stop()
        self.heartbeat.stop()

    def beat(self) -> None:
        """Say how far the audit is."""
        if self.audit is not None:
            os.write(self.errors, f"extremum: {self.audit.progress}\n".encode())


def headline(cell: Cell) -> str:
    """What failed, in a line."""
    what = f"{cell.subject}: {cell.property} in {cell.dtype}"
    if cell.missed:
        return f"[bold red]missed[/] {escape(what)}, which is declared to fail"
    why = ": ".join(filter(None, ("cause not found" if cell.cause == UNKNOWN else cell.cause, cell.detail)))
    excuse = cell.accepted or ("as declared" if cell.expected else "")
    style, word = ("yellow", f"{cell.verdict}, {escape(excuse)}") if excuse else ("bold red", cell.verdict)
    return f"[{style}]{word}[/] {escape(what + (f', {why}' if why else ''))}"
