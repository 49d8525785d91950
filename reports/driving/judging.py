"""One task judged: searched, or proved over its domain, with the settings of its request."""

from __future__ import annotations

import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any

from extremum.properties.calling.host_channel import Limits
from extremum.properties.contested.conventions import property_of
from extremum.properties.contested.situations import Behaviour
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.exhaustion.proof import prove_cell
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.roles.registry import known_roles, place_of, role_named
from extremum.properties.steps.resolve import resolve
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, from_json, to_json, told_apart
from extremum.properties.values.finding import Cell
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving import interrupts
from extremum.reports.driving.characterisation import behaviours
from extremum.reports.driving.request import Request, Task

TRIES = 2  # with processes that end
SUBJECTS_KEPT = 64  # that a process was given by their names


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
        self.differing: list[dict[str, Any]] = []  # from this process: no worker does

    def settings(self, subject: Subject) -> Settings:
        """Those of the next cell of a subject."""
        return settings_of(self.request.of_subject(subject.word), self.began)

    def judge(self, task: Task) -> Cell:
        """Judge the next cell."""
        settings, free = self.settings(task.subject), not self.decided and task.domain is None
        cell = judge_task(task, replace(settings, deadline=None) if free else settings, self.shared)
        self.decided |= cell.verdict not in ("inapplicable", "incomplete")
        return cell

    def characterise(self, subject: Subject) -> list[Behaviour]:
        """What a subject does where its answer is contested; nothing where the budget has ended."""
        settings = self.settings(subject)
        if settings.budget_ended():
            return []
        host = self.shared.host(subject, known_roles()[subject.role].signature, settings.limits)
        return behaviours(subject, self.request, host)


def judged_again(task: Task, settings: Settings) -> Cell:
    """Judge a task whose process ended, in another, and in a third: `crashed` where each ends."""
    subject = task.subject
    named = json.dumps(to_json(subject)) if told_apart(subject) else subject.name
    words = named, place_of(task.role), task.property.name, task.dtype, task.domain
    for _ in range(TRIES):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor, suppress(BrokenProcessPool):
            return executor.submit(_judge_named, *words, settings).result()
    return without_judge(task, "crashed", "the process that judges it ended, again and again")


def without_judge(task: Task, verdict: str, detail: str) -> Cell:
    """The cell of a task that took its process with it, or did not let it return."""
    subject = task.subject
    cell = Cell(subject.name, task.role.name, task.property.name, task.property.code, task.dtype)
    cell.verdict, cell.severity, cell.unit = verdict, "critical", task.property.unit
    cell.detail = detail
    cell.expected = subject.may_fail(task.property.name, task.dtype)
    return cell


def _judge_named(subject: str, role: str, prop: str, dtype: str, domain: str | None, settings: Settings) -> Cell:
    interrupts.end_with_parent()
    shared = Shared()
    try:
        return judge_task(task_named(subject, role, prop, dtype, domain, settings), settings, shared)
    finally:
        shared.close()


def task_named(subject: str, role: str, prop: str, dtype: str, domain: str | None, settings: Settings) -> Task:
    """The task that another process was given by these words."""
    known = role_named(role)
    chosen = property_of(known.name, prop)
    assert chosen is not None
    return Task(subject_named(subject, known.name, settings.limits), known, chosen, dtype, domain)


@lru_cache(maxsize=SUBJECTS_KEPT)  # the cells of a subject share its answers
def subject_named(subject: str, role: str, limits: Limits) -> Subject:
    """The subject of a name, or of the record of one that was tried."""
    if subject.startswith("{"):
        return from_json(json.loads(subject))
    (found,) = resolve(subject, role, wish=Wish(limits))
    return found
