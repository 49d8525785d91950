"""An audit as a pytest run: cells as items, judged where the item runs, gathered where the report is written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extremum.properties.calling.missing_limits import missing_limits
from extremum.properties.contested.situations import Behaviour
from extremum.properties.roles.registry import known_roles
from extremum.properties.steps.resolve import heard, introduce
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving import interrupts
from extremum.reports.driving.gate import Gate
from extremum.reports.driving.heartbeat import Heartbeat
from extremum.reports.driving.identity import identity
from extremum.reports.driving.items import CELL, CONTESTED, REFUSED, CellItem, ContestedItem, SubjectNode
from extremum.reports.driving.journal import NAME, Held, Journal, read
from extremum.reports.driving.judging import Turns, judged_again
from extremum.reports.driving.options import FILES, REQUEST, values
from extremum.reports.driving.replays import Replays
from extremum.reports.driving.request import Request, Task, named_by, resolved, scheduled, tasks, tried_of
from extremum.reports.driving.settings import OWN_WORDS, ProjectSettings, take_settings
from extremum.reports.driving.shards import share
from extremum.reports.record.files import STANDARD_OUTPUT
from extremum.reports.record.leftovers import remove_leftovers, scratch
from extremum.reports.record.numbers import number_of
from extremum.reports.record.record import BASELINE, NOT_REACHED, SHARD, WORKERS, Record, environment
from extremum.reports.record.text import finding_lines
from extremum.reports.views.answer import answers, shown
from extremum.reports.views.render import render

if TYPE_CHECKING:
    from extremum.reports.driving.cluster_audit import OnCluster

SIGNAL_SECONDS = 0.2  # a signal that ended a worker reaches us within it, if it was sent to all processes of the run
GATE = "gate.json"  # in the folder of the run: the findings that do not fail it
HELD = "held.json"  # in the folder of the run: what its workers need not judge
TRIED = "tried.json"  # there too: the subjects that need not be tried again


class Audit:
    """The audit of one pytest run: this is its plugin, on the controller and on every worker.

    Its methods stand in the order of a run: collect, judge, watch, gather, report.
    """

    def __init__(
        self,
        config: pytest.Config,
        request: Request,
        files: Mapping[str, Any],
        replays: Replays,
    ) -> None:
        self.shared = Shared()
        self.config, self.request = config, request
        self.report_dir: Path | None = files.get("report_dir")
        self.json_file: Path | None = files.get("json")
        worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        tried = json.loads((Path(worker["extremum_folder"]) / TRIED).read_text()) if worker else None
        alone = worker is None and config.getoption("dist", "no") == "no" and "cluster" not in files
        self.subjects = resolved(request, tried, self.shared.adopt if alone else None)
        self.tasks = tasks(request, self.subjects)
        if not self.tasks:
            have = sorted({p.name for s in self.subjects for p in known_roles()[s.role].properties})
            raise UsageError(f"nothing is selected: the subjects' properties are {', '.join(have)}")
        self.named = [] if worker else named_by(self.subjects)
        self.characterised = [s for s in self.subjects if request.of_subject(s.word).whole]
        self.shard: Mapping[str, Any] | None = None
        if "shard" in files:
            part = share(request, self.tasks, self.characterised, *files["shard"])
            self.tasks, self.characterised, self.shard = list(part.tasks), list(part.characterised), part.record
        self.cells: dict[tuple[str, str, str, str], Cell] = {}
        self.contested: list[Behaviour] = []
        self.internal_errors: list[str] = []
        self.refusal = ""  # why some cell can't be judged as asked
        self.closed = False  # whether the report is written, or cannot be
        self.unwritten = ""  # why it is not
        self.interrupted = False
        self.journal: Journal | None = None
        self.is_worker = worker is not None
        self.began = float.fromhex(worker["extremum_began"]) if worker else time.monotonic()
        self.turns: Turns | OnCluster = Turns(request, self.shared, self.began)
        self.gate = Gate()
        self.held, self.identity = (Held(), {}) if worker else self._remembered(files.get("resume", False))
        if "cluster" in files and worker is None:
            if config.getoption("dist", "no") != "no":
                raise UsageError(f"cluster={files['cluster']!r}: the workers are the cluster's; leave out -n, or -n 0")
            from extremum.reports.driving.cluster_audit import OnCluster

            self.turns = OnCluster(self, request, files["cluster"], self.tasks)
            config.pluginmanager.register(self.turns, "extremum-cluster")
        self.heartbeat = Heartbeat(self._beat)
        self.undo: Callable[[], None] | None = None if worker else interrupts.interrupting()
        self.folder = Path(worker["extremum_folder"]) if worker else scratch()
        if worker:
            interrupts.end_with_parent()
            self.held = Held.from_json(json.loads((self.folder / HELD).read_text()))
            self.gate = Gate.from_json((self.folder / GATE).read_text())
            (self.folder / f"{worker['workerid']}.process").write_text(str(os.getpid()))
        else:
            self.gate = Gate.of(files, replays)
            (self.folder / GATE).write_text(self.gate.to_json())
            (self.folder / HELD).write_text(json.dumps(self.held.to_json()))
            (self.folder / TRIED).write_text(json.dumps(tried_of(self.subjects)))

    @classmethod
    def of(cls, config: pytest.Config) -> Audit:
        """The audit that the options of `config` ask for; raises `pytest.UsageError` for what is not valid."""
        try:
            if config.getoption(OWN_WORDS, None) is None:
                take_settings(config)
            words = {option.key: config.getoption(option.destination, None) for option in (*REQUEST, *FILES)}
            own = json.loads(config.getoption(OWN_WORDS))
            request = Request.from_words(config.getoption("subject"), words, own)
            # Absolute, as a subject may change the folder.
            given = values(FILES, words)
            files = {
                name: value.resolve() if isinstance(value, Path) and str(value) != STANDARD_OUTPUT else value
                for name, value in given.items()
            }
            if files.get("resume") and "report_dir" not in files:
                raise UsageError("resume: there is no report-dir with a journal to go on from; add --report-dir DIR")
            return cls(config, request, files, Replays(words, (), ProjectSettings(subjects=own)))
        except UsageError as error:
            told = config.hook.pytest_extremum_refused(message=str(error))
            raise pytest.UsageError(*([] if told else [f"extremum: {error}"])) from None

    def _remembered(self, resume: bool) -> tuple[Held, dict[str, Any]]:
        """What the journal holds of this audit, if that is to be gone on with; and what decides the cells."""
        if self.report_dir is None:
            return Held(), {}
        wanted = identity(self.request, self.subjects, self.tasks)
        held = read(self.report_dir / NAME, wanted) if resume else Held()
        remove_leftovers(self.report_dir)
        return held, wanted

    # Collect, alike on every worker.

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
            self.config.args = []  # an audit alone: the project's own tests run only where they are named

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        nodes: dict[tuple[str, str], SubjectNode] = {}
        for task in scheduled(self.tasks, self.request):
            key = task.subject.role, task.subject.name
            if key not in nodes:
                nodes[key] = SubjectNode.from_parent(session, name=key[1], nodeid=task.subject.name)
            # Named in full, as --lf reads it again: pytest takes the brackets of a child's name for a part of the name.
            name = f"{task.property.name}[{task.dtype}]"
            item = CellItem.from_parent(nodes[key], name=name, nodeid=_nodeid(task))
            item.task, item.audit = task, self
            items.append(item)
        for subject in self.characterised:  # last: no cell comes after an input of doubt
            node = nodes[subject.role, subject.name]
            name = _contested(subject).rpartition("::")[2]
            question = ContestedItem.from_parent(node, name=name, nodeid=_contested(subject))
            question.subject, question.audit = subject, self
            items.append(question)

    # Judge, on a worker or, without xdist, in the one process there is.

    def judge(self, task: Task) -> Cell:
        """Judge a cell, unless the journal has it."""
        return self.gate.passed(self.held.cells.get(task.key) or self.turns.judge(task))

    def characterise(self, subject: Subject) -> list[dict[str, str]]:
        """The records of what the subject does where its answer is contested; none where the budget has ended."""
        if (known := self.held.contested.get((subject.role, subject.name))) is not None:
            return [b.to_json() for b in known]
        return [b.to_json() for b in self.turns.characterise(subject)]

    # Watch the workers, on the controller.

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionstart(self) -> Generator[None, object, object]:
        """On the controller, where xdist starts the workers now: Ctrl-C is for the controller."""
        if self.is_worker:
            return (yield)
        if self.terminal is not None and not self.terminal.isatty:
            self.heartbeat.start()
        if self.report_dir is not None and not self.config.option.collectonly:
            self.journal = Journal(self.report_dir / NAME, self.identity, self.held)
        with interrupts.blocked():
            return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["extremum_began"] = self.began.hex()
        node.workerinput["extremum_folder"] = str(self.folder)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """An interruption while the workers run ends them."""
        try:
            return (yield)
        except KeyboardInterrupt:
            self.pytest_keyboard_interrupt()
            raise

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """On the controller: end the workers, and hear no second signal, so that the report can be written."""
        if self.is_worker or self.interrupted:
            return
        self.interrupted = True
        interrupts.deaf()
        for file in self.folder.glob("*.process"):
            with suppress(OSError, ValueError):
                os.kill(int(file.read_text()), getattr(signal, "SIGKILL", signal.SIGTERM))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        (self.folder / f"{node.gateway.id}.process").unlink(missing_ok=True)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """A worker died on this item, whoever ended it: judge the item again, in a process of its own."""
        time.sleep(SIGNAL_SECONDS)  # where all processes of the run are being ended, no cell is at fault
        task = next((t for t in self.tasks if _nodeid(t) == crashitem), None)
        if task is not None:
            cell = self.gate.passed(judged_again(task, self.turns.settings(task.subject)))
            report.user_properties.append((CELL, json.dumps(cell.to_json())))
            report.outcome = "failed" if cell.unexpected else "passed"
            report.longrepr = "\n".join(finding_lines(cell)) if cell.unexpected else None
        elif any(_contested(subject) == crashitem for subject in self.characterised):  # no finding
            report.outcome, report.longrepr = "passed", None

    # Gather, on the controller.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.is_worker:
            return
        carried = {name for name, _ in report.user_properties}
        of_item = dict(report.user_properties) if report.when in ("call", "???") else {}
        if CELL in of_item:
            cell = Cell.from_json(json.loads(str(of_item[CELL])))
            self.cells[cell.key] = cell
            if self.journal is not None and cell.key not in self.held.cells:
                self.journal.cell(cell)
            self.config.hook.pytest_extremum_cell(cell=cell)
        if CONTESTED in of_item:
            self._take([Behaviour.from_json(row) for row in json.loads(str(of_item[CONTESTED]))])
        # What came with it is for this plugin alone: JUnit would write it down.
        at = {"file": report.location[0], "line": None if report.location[1] is None else report.location[1] + 1}
        report.user_properties = [(name, value) for name, value in at.items() if value is not None]
        self.refusal = self.refusal or str(of_item.get(REFUSED, ""))
        if report.failed and not carried & {CELL, REFUSED}:
            self.internal_errors.append(f"{report.nodeid}: {report.longreprtext}")

    def _take(self, behaviours: list[Behaviour]) -> None:
        """Take what one subject does where its answer is contested: nothing, where the budget has ended."""
        self.contested += behaviours
        for key in {(b.role, b.subject) for b in behaviours} - self.held.contested.keys():
            if self.journal is not None:
                self.journal.contested(*key, behaviours)

    # Report, on the controller.

    @property
    def progress(self) -> str:
        """How far the run is, in a line."""
        found = sum(cell.unexpected for cell in list(self.cells.values()))
        minutes = (time.monotonic() - self.began) / 60
        return f"{len(self.cells):,} of {len(self.tasks):,} cells after {minutes:.0f} min, {found:,} found"

    def report(self) -> Record:
        """What is known so far; cells that were not reached are `incomplete`."""
        cells = [self.cells.get(task.key) or _not_reached(task) for task in self.tasks]
        command = [Path(sys.argv[0]).name, *sys.argv[1:]]
        order = {(s.role, s.name): number for number, s in enumerate(self.subjects)}
        contested = sorted(self.contested, key=lambda b: order[b.role, b.subject])
        introduced = [introduce(s) for s in self.subjects]
        known: dict[str, Any] = {} if self.shard is None else {SHARD: self.shard}
        known |= {BASELINE: self.gate.rows} if self.gate.summary else {}
        known |= {WORKERS: self.turns.differing} if self.turns.differing else {}
        return Record(
            cells,
            self.request.seed,
            command,
            introduced,
            environment={**environment(), "named": self.named, **known},
            contested=contested,
            interrupted=self.interrupted,
        )

    def pytest_report_header(self) -> list[str]:
        lines = [introduce(s)["line"] for s in self.subjects] + [line for s in self.subjects for line in heard(s)]
        lines += filter(None, [missing_limits()])
        return [f"extremum: {line}" for line in lines]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Of the project's own pytest: the answer, how far an interrupted run came, and why there is no report."""
        report = self.report()
        told, others = shown(answers(report))
        lines = [*(f"{answer.subject} {answer.sentence}" for answer in told), others]
        lines.append(f"{number_of(report.summary['findings'], 'finding')} in {number_of(len(report.cells), 'cell')}")
        for line in filter(None, (*lines, report.ending, self.gate.summary, self.unwritten, self.refusal)):
            terminalreporter.write_line(f"extremum: {line}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.heartbeat.stop()
        if self.is_worker:
            return
        report = self.report()
        if session.exitstatus == 0 and not session.items and report.exit_code == 5:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.shard is not None:
            session.exitstatus = pytest.ExitCode.OK  # an empty shard is no audit of nothing
        if session.exitstatus == 0 and self.gate.failed:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._close(report)
        if self.refusal:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        if self.unwritten and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_unconfigure(self) -> None:
        """Write the report of a session that was interrupted before it began: pytest tells nobody that it finished."""
        self.shared.close()
        if not self.is_worker and not self.closed:
            self._close(self.report())
        if self.undo is not None:
            self.undo()

    @property
    def terminal(self) -> Any:
        """pytest's own, if it has one in this process."""
        return self.config.pluginmanager.get_plugin("terminalreporter")

    def _beat(self) -> None:
        self.terminal.write_line(f"extremum: {self.progress}")

    def _close(self, report: Record) -> None:
        self.closed = True
        hear = interrupts.deaf()  # until the files are whole
        try:
            try:
                render(report, self.report_dir, self.json_file)
            except (
                OSError
            ) as error:  # a full disk, or a folder that is not what it was: the cells are told all the same
                self.unwritten = f"the report cannot be written: {error.strerror or error}"
            if self.journal is not None:
                reached = all(task.key in self.cells for task in self.tasks)
                self.journal.close(over=reached and not self.interrupted and not self.unwritten)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
            hear()


def _not_reached(task: Task) -> Cell:
    cell = Cell(task.subject.name, task.role.name, task.property.name, task.property.code, task.dtype)
    cell.verdict, cell.detail, cell.unit = "incomplete", NOT_REACHED, task.property.unit
    return cell


def _nodeid(task: Task) -> str:
    return f"{task.subject.name}::{task.property.name}[{task.dtype}]"


def _contested(subject: Subject) -> str:
    return f"{subject.name}::contested[{subject.role}]"
