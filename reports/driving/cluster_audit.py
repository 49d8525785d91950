"""An audit on a cluster: its cells are asked there, and their items run here, each once its answer has come."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import pytest

from extremum.properties.contested.situations import Behaviour
from extremum.properties.engine import Settings
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.cluster import Cluster, WorkersDied
from extremum.reports.driving.cluster_tasks import ANSWERED, ENDED, STUCK, Question, characterised, judged
from extremum.reports.driving.items import CellItem, ContestedItem
from extremum.reports.driving.journal import Held
from extremum.reports.driving.judging import settings_of, without_judge
from extremum.reports.driving.request import Request, Task
from extremum.reports.driving.shards import cost
from extremum.reports.driving.travelling import packed

TASK_BLOCKS = 100.0  # of the sweep in one task, about: `python benchmarks/cluster_cost.py` prints what that comes to
RAISED = "raised"  # what becomes of a question besides: an error of ours
STUCK_LIMITS = 16  # times a cell's limit, after which its judge does not end by itself


class Asked(Protocol):
    """The audit that is run."""

    held: Held
    refusal: str


class OnCluster:
    """What judges the cells of an audit in place of `Turns`, and pytest's loop over its items."""

    def __init__(self, audit: Asked, request: Request, address: str, tasks: Sequence[Task]) -> None:
        self.audit, self.request = audit, request
        of = {(task.subject.role, task.subject.name): task for task in tasks}
        self.parcels = {key: packed(task.subject, task.role) for key, task in of.items()}
        self.cluster = Cluster(address, [name for parcel in self.parcels.values() for name in parcel.needs])
        self.ends = None if request.budget is None else time.time() + request.budget
        self.decided = False  # whether some cell was asked without the budget, so that one has a verdict
        self.came: dict[tuple[str, ...], tuple[str, Any]] = {}  # what became of a question, by its key

    @property
    def differing(self) -> list[dict[str, Any]]:
        """What the workers were that judged, where they differ from each other or from this process."""
        return self.cluster.differing

    def settings(self, subject: Subject) -> Settings:
        """Those of the cells of a subject."""
        return settings_of(self.request.of_subject(subject.word))

    def judge(self, task: Task) -> Cell:
        """The cell of a task, whose answer has come."""
        outcome, what = self.came.pop(task.key)
        if outcome == ANSWERED:
            return Cell.from_json(what)
        if outcome == STUCK:
            limit = _limit(self.settings(task.subject))
            return without_judge(task, "hung", f"its judge had not ended after {limit:g} s")
        if outcome == ENDED:
            return without_judge(task, "crashed", "the process that judges it ended, again and again")
        raise what

    def characterise(self, subject: Subject) -> list[Behaviour]:
        """What a subject does where its answer is contested, which has come: nothing where that ended its judge."""
        outcome, what = self.came.pop((subject.role, subject.name))
        if outcome == RAISED:
            raise what
        return [Behaviour.from_json(row) for row in what] if outcome == ANSWERED else []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run what needs no cluster, then each item of the audit as its answer comes."""
        if session.config.option.collectonly:
            return None
        known = {*self.audit.held.cells, *self.audit.held.contested}
        asked = [i for i in session.items if isinstance(i, CellItem | ContestedItem) and _key(i) not in known]
        others = {*session.items} - {*asked}
        with self.cluster:
            for item in (item for item in session.items if item in others):
                _run(session, item)
            cells = {item.task.key: item for item in asked if isinstance(item, CellItem)}
            batches = tasks_of([item.task for item in cells.values()], self.request)
            contested = [item for item in asked if isinstance(item, ContestedItem)]
            try:
                for item in self._answered([[cells[task.key] for task in batch] for batch in batches]):
                    _run(session, item)
                for item in self._answered([[item] for item in contested]):  # no cell after an input of doubt
                    _run(session, item)
            except UsageError as error:
                self.audit.refusal = str(error)
        return True

    def _answered(self, batches: list[list[Any]]) -> Iterator[pytest.Item]:
        """The items of these batches as their answers come."""
        for number, answer in self.cluster.answers([self._question(batch) for batch in batches]):
            batch = batches[number]
            if isinstance(answer, UsageError):
                raise answer
            if isinstance(answer, WorkersDied) and len(batch) > 1:  # one of them did it
                for item in batch:
                    batches.append([item])
                    self.cluster.ask(len(batches) - 1, self._question([item]))
                continue
            if isinstance(answer, WorkersDied):
                outcomes: Sequence[tuple[str, Any]] = [(ENDED, None)]
            else:
                outcomes = [(RAISED, answer)] * len(batch) if isinstance(answer, Exception) else answer.outcomes
            for item, outcome in zip(batch, outcomes, strict=True):
                self.came[_key(item)] = outcome
                yield item

    def _question(self, batch: Sequence[CellItem | ContestedItem]) -> Question:
        settings = self.settings(batch[0].about)
        proof = any(isinstance(item, CellItem) and item.task.domain is not None for item in batch)
        return Question([self._call(item) for item in batch], None if proof else _limit(settings))

    def _call(self, item: CellItem | ContestedItem) -> tuple[Any, tuple[Any, ...]]:
        settings, subject = self.settings(item.about), item.about
        parcel = self.parcels[subject.role, subject.name]
        if isinstance(item, ContestedItem):
            dtypes = self.request.of_subject(subject.word).dtypes
            return characterised, (parcel, dtypes, settings.limits, self.ends)
        task = item.task
        ends = self.ends if self.decided or task.domain is not None else None
        self.decided = True
        given = task.property.name, task.dtype, task.domain, replace(settings, deadline=None), ends
        return judged, (parcel, *given)


def tasks_of(rows: Sequence[Task], request: Request) -> list[list[Task]]:
    """The cells by tasks of the cluster: those that look at the same answers are one, others are cut by their cost."""
    together: dict[tuple[Any, ...], list[Task]] = {}
    for task in rows:
        answers = task.role.name, task.subject.name, task.dtype, task.property.one_call, task.domain
        together.setdefault(answers, []).append(task)
    kinds = {(task.role.name, task.property.name): task for task in rows}
    effort = EFFORTS[request.effort]
    costs = {kind: cost(task.role, task.property, request.seed, effort) for kind, task in kinds.items()}
    batches = list[list[Task]]()
    for (*_, one_call, _), cells in together.items():
        batches.append([])
        load = 0.0
        for task in cells:
            if load >= TASK_BLOCKS and not one_call:
                batches.append([])
                load = 0.0
            batches[-1].append(task)
            load += costs[task.role.name, task.property.name]
    return batches


def _run(session: pytest.Session, item: pytest.Item) -> None:
    """Run an item, and end the session where that is asked for, as pytest's own loop does."""
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)


def _key(item: CellItem | ContestedItem) -> tuple[str, ...]:
    return item.task.key if isinstance(item, CellItem) else (item.subject.role, item.subject.name)


def _limit(settings: Settings) -> float | None:
    """The seconds after which a judge does not end by itself: it is at rest, or its machine is."""
    if settings.timeout is None:
        return None
    return STUCK_LIMITS * settings.timeout + settings.limits.import_seconds + settings.limits.first_call_seconds
