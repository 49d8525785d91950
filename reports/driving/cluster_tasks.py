"""What the workers of a cluster run: a question of the scheduler's, asked in a process beside the worker's thread.

`answered` is the task. The functions of its questions, `judged`, `characterised` and `of_job`, run in that process.
"""

from __future__ import annotations

import json
import platform
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from extremum.properties.calling.host_channel import Limits
from extremum.properties.engine import Settings
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.sharing import Shared
from extremum.reference.errors import UsageError
from extremum.reports.driving import proof_workers
from extremum.reports.driving.characterisation import behaviours
from extremum.reports.driving.identity import code_of_extremum
from extremum.reports.driving.judge_process import JudgeEnded, JudgeProcess, JudgeStuck
from extremum.reports.driving.judging import judge_task, subject_named, task_named
from extremum.reports.driving.request import Request
from extremum.reports.driving.travelling import Parcel, lacking, unpacked
from extremum.reports.record.record import environment, version

TRIES = 3  # with processes that end before they answer
ANSWERED, ENDED, STUCK = "answered", "ended", "stuck"  # what becomes of a question
PARCELS_KEPT = 64
WORKING = ("running", "paused", "closing_gracefully")  # a worker that is none of these has lost its scheduler


@dataclass(frozen=True)
class Question:
    """One task: `calls` are asked in turn, each a function of this module and what it is given.

    A call of more than `seconds` is stuck.
    """

    calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]
    seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    """What became of each call, with what it returned; and what the worker is."""

    outcomes: Sequence[tuple[str, Any]]
    worker: Mapping[str, Any]


# On the worker, in the thread of a task.

_thread = threading.local()


def answered(run: str, code: str, needs: tuple[str, ...], question: Question) -> Answer:
    """The answer to a question of a run. Raises what a call raises.

    The run's extremum has this `code`; `needs` are the packages that must be installed here.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    worker.log_event(run, {"action": "begins", "key": key, "worker": worker.address})
    refuse(worker.address, code, needs)

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled" and worker.status.name in WORKING

    outcomes = [_outcome(run, question, call, given, wanted) for call, given in question.calls]
    return Answer(outcomes, facts(needs))


def _outcome(
    run: str, question: Question, call: Callable[..., Any], given: tuple[Any, ...], wanted: Callable[[], bool]
) -> tuple[str, Any]:
    for _ in range(TRIES):
        try:
            return ANSWERED, _process(run).ask(call, *given, seconds=question.seconds, wanted=wanted)
        except JudgeEnded:
            continue
        except JudgeStuck:
            return STUCK, None
    return ENDED, None


def _process(run: str) -> JudgeProcess:
    """The process of this thread: one for a run, as another may have another file of the same name."""
    known: tuple[str, JudgeProcess] | None = getattr(_thread, "known", None)
    if known is not None and (known[0] != run or not known[1].alive):
        known[1].end()
        known = None
    if known is None:
        known = _thread.known = run, JudgeProcess()
    return known[1]


def refuse(place: str, code: str, needs: Sequence[str]) -> None:
    """Raise `UsageError` where this worker cannot judge: extremum is another here, or a library is absent."""
    if code_of_extremum() != code:
        raise UsageError(f"cluster: worker {place} has another extremum, {version()}, than the one that asks")
    for name in lacking(needs):
        raise UsageError(f"cluster: worker {place} lacks {name}: install it there, or leave its subjects out")


@cache
def facts(needs: tuple[str, ...]) -> dict[str, Any]:
    """What a worker is, as far as verdicts may depend on it; `needs` are packages whose versions count too."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    known = environment()
    for name in needs:
        try:
            known["versions"].setdefault(name, version_of(name))
        except PackageNotFoundError:  # a module by another name than its distribution
            continue
    return {**known, "processor": _processor()}


def _processor() -> str:
    """The name of the processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


# In the process beside it.


def judged(parcel: Parcel, prop: str, dtype: str, domain: str | None, settings: Settings, ends: float | None) -> Any:
    """The record of a cell. `ends` is the time of `time.time()` at which the budget of the run ends."""
    known = _unpacked(parcel)
    settings = replace(settings, deadline=None if ends is None else time.monotonic() + ends - time.time())
    task = task_named(known.subject, known.role, prop, dtype, domain, replace(settings, deadline=None))
    return judge_task(task, settings, _shared()).to_json()


def characterised(parcel: Parcel, dtypes: tuple[str, ...] | None, limits: Limits, ends: float | None) -> Any:
    """The records of what a subject does where its answer is contested; none where the budget has ended."""
    if ends is not None and time.time() > ends:
        return []
    known = _unpacked(parcel)
    role = role_named(known.role)
    subject = subject_named(known.subject, role.name, limits)
    host = _shared().host(subject, role.signature, limits)
    return [b.to_json() for b in behaviours(subject, Request(dtypes=dtypes), host)]


def of_job(parcel: Parcel, begin: tuple[Any, ...], question: Callable[..., Any], *given: Any) -> Any:
    """The answer to a question about a job of a proof, as a worker of `proof_workers` gives it."""
    known = _unpacked(parcel)
    role = role_named(known.role)
    tried = json.loads(known.subject) if known.subject.startswith("{") else None
    proof_workers.begin_once((known.subject, role.name), tried, *begin)
    return question(*given)


@lru_cache(maxsize=PARCELS_KEPT)
def _unpacked_by(subject: str, role: str, files: tuple[tuple[str, bytes], ...]) -> Parcel:
    return unpacked(Parcel(subject, role, dict(files)))


def _unpacked(parcel: Parcel) -> Parcel:
    return _unpacked_by(parcel.subject, parcel.role, tuple(parcel.files.items()))


@cache
def _shared() -> Shared:
    return Shared()
