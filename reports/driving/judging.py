"""One task judged: searched, or proved over its domain, with the settings of its request."""

from __future__ import annotations

import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace

from extremum.properties.contested.conventions import property_of
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.exhaustion.proof import prove_cell
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.roles.registry import place_of, role_named
from extremum.properties.steps.resolve import resolve
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, from_json, to_json, told_apart
from extremum.properties.values.finding import Cell
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving import interrupts
from extremum.reports.driving.request import Request, Task

TRIES = 2  # with processes that end


def settings_of(request: Request, began: float | None = None) -> Settings:
    """The engine's settings; the budget counts from `began` (of `time.monotonic`), or from now."""
    start = time.monotonic() if began is None else began
    deadline = None if request.budget is None else start + request.budget
    effort = EFFORTS[request.effort]
    return Settings(
        request.examples, request.seed, request.regimes, deadline, request.cell_timeout, request.limits, effort
    )


def judge_task(task: Task, settings: Settings, shared: Shared) -> Cell:
    """Judge one task of the audit that `shared` is for."""
    if task.domain is not None:
        return prove_cell(task.subject, task.role, task.property, task.domain, task.dtype, settings, shared)
    return judge_cell(task.subject, task.role, task.property, task.dtype, settings, shared)


class Turns:
    """The cells that one process judges in turn: one of them has a verdict, whatever the budget of the request.

    The budget counts from `began`. A proof is no such cell: it goes on from its checkpoint.
    """

    def __init__(self, request: Request, shared: Shared, began: float | None = None) -> None:
        self.request, self.shared = request, shared
        self.began = time.monotonic() if began is None else began
        self.decided = False  # whether some cell has a verdict

    def settings(self, subject: Subject) -> Settings:
        """Those of the next cell of a subject."""
        return settings_of(self.request.of_subject(subject.word), self.began)

    def judge(self, task: Task) -> Cell:
        """Judge the next cell."""
        settings, free = self.settings(task.subject), not self.decided and task.domain is None
        cell = judge_task(task, replace(settings, deadline=None) if free else settings, self.shared)
        self.decided |= cell.verdict not in ("inapplicable", "incomplete")
        return cell


def judged_again(task: Task, settings: Settings) -> Cell:
    """Judge a task whose process ended, in another, and in a third: `crashed` where each ends."""
    subject = task.subject
    named = json.dumps(to_json(subject)) if told_apart(subject) else subject.name
    words = named, place_of(task.role), task.property.name, task.dtype, task.domain
    for _ in range(TRIES):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor, suppress(BrokenProcessPool):
            return executor.submit(_judge_named, *words, settings).result()
    cell = Cell(subject.name, task.role.name, task.property.name, task.property.code, task.dtype)
    cell.verdict, cell.severity, cell.unit = "crashed", "critical", task.property.unit
    cell.detail = "the process that judges it ended, again and again"
    cell.expected = subject.may_fail(task.property.name, task.dtype)
    return cell


def _judge_named(subject: str, role: str, prop: str, dtype: str, domain: str | None, settings: Settings) -> Cell:
    interrupts.end_with_parent()
    known, shared = role_named(role), Shared()
    if subject.startswith("{"):
        found = from_json(json.loads(subject))
    else:
        (found,) = resolve(subject, known.name, wish=Wish(settings.limits))
    chosen = property_of(known.name, prop)
    assert chosen is not None
    try:
        return judge_task(Task(found, known, chosen, dtype, domain), settings, shared)
    finally:
        shared.close()
