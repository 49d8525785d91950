"""One task judged: searched, or proved over its domain, with the settings of its request."""

from __future__ import annotations

import time

from extremum.properties.calling.recorder import Recorder
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.exhaustion.proof import prove_cell
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.reports.driving.request import Request, Task


def settings_of(request: Request, began: float | None = None) -> Settings:
    """The engine's settings; the budget counts from `began` (of `time.monotonic`), or from now."""
    start = time.monotonic() if began is None else began
    deadline = None if request.budget is None else start + request.budget
    return Settings(request.examples, request.seed, request.regimes, deadline, request.cell_timeout, request.limits)


def judge_task(task: Task, settings: Settings, shared: Shared, recorder: Recorder | None = None) -> Cell:
    """Judge one task of the audit that `shared` is for."""
    if task.domain is not None:
        return prove_cell(task.subject, task.role, task.property, task.domain, task.dtype, settings, shared, recorder)
    return judge_cell(task.subject, task.role, task.property, task.dtype, settings, shared, recorder)
