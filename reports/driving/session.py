"""An audit as a pytest run: cells as items, judged where the item runs, gathered where the report is written."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from extremum.properties.calling.recorder import Recorder
from extremum.properties.contested.situations import Behaviour
from extremum.properties.roles.registry import roles
from extremum.properties.steps.resolve import introduce
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving import interrupts
from extremum.reports.driving.characterisation import behaviours, interrupted
from extremum.reports.driving.crash_report import aftermath, confirmed, hung
from extremum.reports.driving.judging import judge, settings_of
from extremum.reports.driving.options import destination
from extremum.reports.driving.request import Request, Task, names, resolved, scheduled, seconds, tasks
from extremum.reports.driving.watchdog import Watch, end_with_parent
from extremum.reports.record.files import writable, writable_file
from extremum.reports.record.record import Record
from extremum.reports.record.text import finding_lines
from extremum.reports.views.render import render

KEY = "extremum.cell"  # of a cell among an item's user properties
CONTESTED = "extremum.contested"  # of the behaviours of a subject
NOT_REACHED = "not reached"
GRACE = 2.0  # seconds after the limit of a cell before its worker is ended


class CellFailed(Exception):
    """A cell failed the run; its text is the finding."""


class CellItem(pytest.Item):
    """One cell as a pytest item."""

    task: Task
    audit: Audit

    def runtest(self) -> None:
        cell = self.audit.judge(self.task)
        self.user_properties.append((KEY, json.dumps(cell.to_json())))
        if cell.unexpected:
            raise CellFailed("\n".join(finding_lines(cell)))
        if cell.verdict in ("inapplicable", "incomplete"):
            pytest.skip(f"{cell.verdict}: {cell.detail}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, CellFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.config.rootpath, None, self.nodeid


class ContestedItem(pytest.Item):
    """What one subject does where its answer is contested, as a pytest item; it passes, whatever that is."""

    subject: Subject
    audit: Audit

    def runtest(self) -> None:
        self.user_properties.append((CONTESTED, json.dumps(self.audit.characterise(self.subject))))

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.config.rootpath, None, self.nodeid


class SubjectNode(pytest.Collector):
    """The cells of one subject."""

    def collect(self) -> list[pytest.Item]:
        return []


class Audit:
    """The audit of one pytest run: this is its plugin, on the controller and on every worker."""

    def __init__(
        self, config: pytest.Config, request: Request, report_dir: Path | None, json_file: Path | None
    ) -> None:
        self.shared = Shared()
        self.config, self.request = config, request
        self.report_dir, self.json_file = report_dir, json_file
        self.subjects = resolved(request)
        self.tasks = tasks(request, self.subjects)
        self.cells: dict[tuple[str, str, str, str], Cell] = {}
        self.contested: list[Behaviour] = []
        self.internal_errors: list[str] = []
        self.closed = False  # whether the report is written
        worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        self.is_worker = worker is not None
        self.began = float.fromhex(worker["extremum_began"]) if worker else time.monotonic()
        self.folder = Path(worker["extremum_folder"]) if worker else Path(tempfile.mkdtemp(prefix="extremum-"))
        self.worker_id = str(worker["workerid"]) if worker else "main"
        self.recorder = Recorder(self.folder / f"{self.worker_id}.call") if worker else None
        self.watch = Watch(self.folder, None)
        if worker:
            end_with_parent()
        if not self.tasks:
            have = sorted({p.name for s in self.subjects for p in roles()[s.role].properties})
            raise UsageError(f"nothing is selected: the subjects' properties are {', '.join(have)}")

    @classmethod
    def of(cls, config: pytest.Config) -> Audit:
        """The audit that the options of `config` ask for; raises `pytest.UsageError` for what is not valid."""

        def option(name: str) -> Any:
            return config.getoption(destination(name), None)

        try:
            request = Request(
                tuple(config.getoption("subject")),
                option("role"),
                names(option("dtype")),
                names(option("property")),
                names(option("regime")),
                _integer("examples", option("examples"), Request.examples),
                _integer("seed", option("seed"), 0),
                seconds(option("budget")),
                Request.cell_timeout if option("cell-timeout") is None else seconds(option("cell-timeout")),
                names(option("convention")),
                option("of"),
                option("exhaustive"),
            )
            folder = None if option("report-dir") is None else Path(option("report-dir")).resolve()
            file = None if option("json") is None else Path(option("json")).resolve()
            if folder is not None:
                writable(folder, "report-dir")
            if file is not None:
                writable_file(file, "json")
            return cls(config, request, folder, file)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None

    # Collection, alike on every worker.

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
            self.config.args = []  # an audit alone: the project's own tests run only where they are named

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        nodes: dict[tuple[str, str], SubjectNode] = {}
        for task in scheduled(self.tasks):
            key = task.subject.role, task.subject.name
            if key not in nodes:
                nodes[key] = SubjectNode.from_parent(session, name=key[1], nodeid=task.subject.name)
            item = CellItem.from_parent(nodes[key], name=f"{task.property.name}[{task.dtype}]")
            item.task, item.audit = task, self
            items.append(item)
        for subject in self.subjects if self.request.whole else ():  # last: no cell comes after an input of doubt
            node = nodes[subject.role, subject.name]
            asked = ContestedItem.from_parent(node, name=_contested(subject).rpartition("::")[2])
            asked.subject, asked.audit = subject, self
            items.append(asked)

    # Judging, on a worker or, without xdist, in the one process there is.

    def judge(self, task: Task) -> Cell:
        """Judge a cell."""
        return judge(task, settings_of(self.request, self.began), self.shared, self.recorder)

    def characterise(self, subject: Subject) -> list[dict[str, str]]:
        """The records of what the subject does where its answer is contested; none where the budget has ended."""
        if settings_of(self.request, self.began).over():
            return []
        found = behaviours(subject, self.request, self._progress(self.worker_id, subject), self.recorder)
        return [b.to_json() for b in found]

    def _progress(self, worker: str, subject: Subject) -> Path:
        return self.folder / f"{worker}.contested.{self.subjects.index(subject)}"

    # Gathering, on the controller.

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """On the controller, watch the workers while they run: a call that still has not returned ends its worker."""
        limit = None if self.is_worker else self.request.cell_timeout
        with Watch(self.folder, None if limit is None else limit + GRACE) as self.watch:
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionstart(self) -> Generator[None, object, object]:
        """On the controller, where xdist starts the workers now: Ctrl-C is for the controller."""
        if self.is_worker:
            return (yield)
        with interrupts.blocked():
            return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.watch.forget(str(node.gateway.id))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["extremum_began"] = self.began.hex()
        node.workerinput["extremum_folder"] = str(self.folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        worker = str(report.node.gateway.id)
        task = next((t for t in self.tasks if _nodeid(t) == crashitem), None)
        if task is not None:
            cell = aftermath(task, self.folder, worker, self.request)
            report.user_properties.append((KEY, json.dumps(cell.to_json())))
            report.longrepr = "\n".join(finding_lines(cell))
        for subject in self.subjects:
            if task is None and _contested(subject) == crashitem:  # that is what it does, and no finding
                how = "does not return" if hung(self.folder, worker) else "ends the process"
                found = interrupted(subject, self.request, self._progress(worker, subject), how)
                report.user_properties.append((CONTESTED, json.dumps([b.to_json() for b in found])))
                report.outcome, report.longrepr = "passed", None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.is_worker:
            return
        for name, value in report.user_properties:
            if name == KEY and report.when in ("call", "???"):
                cell = self._confirmed(Cell.from_json(json.loads(str(value))))
                self.cells[cell.key] = cell
                self.config.hook.pytest_extremum_cell(cell=cell)
            if name == CONTESTED and report.when in ("call", "???"):
                self.contested += [Behaviour.from_json(row) for row in json.loads(str(value))]
        if report.failed and not any(name == KEY for name, _ in report.user_properties):
            self.internal_errors.append(f"{report.nodeid}: {report.longreprtext}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.is_worker:
            return
        report = self.report()
        if session.exitstatus == 0 and not session.items and report.exit_code == 5:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        self._close(report)

    def pytest_unconfigure(self) -> None:
        """Write the report of a session that was interrupted before it began: pytest tells nobody that it finished."""
        if not self.is_worker and not self.closed:
            self._close(self.report())

    def _close(self, report: Record) -> None:
        self.closed = True
        render(report, self.report_dir, self.json_file)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _confirmed(self, cell: Cell) -> Cell:
        """A cell that hung in Python code comes from a worker that lives: its witness is yet to be run again."""
        task = next(t for t in self.tasks if t.key == cell.key)
        fresh = cell.verdict == "hung" and "alone" not in cell.detail
        return confirmed(task, cell) if fresh else cell

    def report(self) -> Record:
        """What is known so far; cells that were not reached are `incomplete`."""
        cells = []
        for task in self.tasks:
            missing = Cell(task.subject.name, task.role.name, task.property.name, task.property.code, task.dtype)
            missing.verdict, missing.detail, missing.unit = "incomplete", NOT_REACHED, task.property.unit
            cells.append(self.cells.get(task.key, missing))
        command = [Path(sys.argv[0]).name, *sys.argv[1:]]
        order = {(s.role, s.name): number for number, s in enumerate(self.subjects)}
        contested = sorted(self.contested, key=lambda b: order[b.role, b.subject])
        return Record(cells, self.request.seed, command, [introduce(s) for s in self.subjects], contested=contested)

    def pytest_report_header(self) -> list[str]:
        return [f"extremum: {introduce(s)['line']}" for s in self.subjects]


def _nodeid(task: Task) -> str:
    return f"{task.subject.name}::{task.property.name}[{task.dtype}]"


def _contested(subject: Subject) -> str:
    return f"{subject.name}::contested[{subject.role}]"


def _integer(name: str, text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{name}={text!r} is not a whole number") from None
