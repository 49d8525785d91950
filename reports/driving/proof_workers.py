"""The workers of a proof. All that a subject does it does in them: they are watched, and tell what it ended them on."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from extremum.properties.calling.call import Call, host_of, quiet
from extremum.properties.calling.host_channel import Ended as HostEnded
from extremum.properties.calling.host_channel import Limits
from extremum.properties.calling.recorder import Recorder, read
from extremum.properties.engine import refusal_of
from extremum.properties.exhaustion.scan import BLOCK, DOMAINS, Domain, conclude, scan
from extremum.properties.model.property import Property
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.ending import ended as ended_host
from extremum.properties.steps.resolve import resolve
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, from_json, to_json
from extremum.properties.steps.witness import unfinished
from extremum.properties.values.finding import Cell
from extremum.properties.values.signature import Arguments, first
from extremum.properties.values.tally import Tally
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.subjects.loading import fingerprint
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.crash_report import confirmed
from extremum.reports.driving.interrupts import end_silently
from extremum.reports.driving.request import Task
from extremum.reports.driving.watchdog import Watchdog, end_with_parent
from extremum.reports.record.leftovers import scratch_folder

GRACE_SECONDS = 20.0  # beyond the budget: so long is what is under way waited for
Span = tuple[int, int]
Result = TypeVar("Result")
Question = tuple[Callable[..., Any], tuple[Any, ...]]  # what a worker answers, and the arguments


@dataclass(frozen=True)
class Job:
    """One subject in one format: what a scan of a domain is of. `spec` resolves to the subject in any process.

    `code` is the fingerprint of all that was loaded when the subject was.
    """

    spec: tuple[str, str | None]
    subject: Subject
    properties: Sequence[Property]
    domain: Domain
    fmt: Format
    code: str = ""
    limits: Limits = field(default_factory=Limits)

    def key(self, called: str) -> dict[str, Any]:
        """What a checkpoint must be of to go on from it; `called` is the fingerprint after a call (`asked_once`)."""
        return {
            "code": [self.code, called],
            "subject": [self.subject.role, self.subject.name],
            "properties": [p.name for p in self.properties],
            "domain": self.domain.name,
            "dtype": self.fmt.name,
        }


class Ended(Exception):
    """A worker process ended while these questions were under way; `hung` is what a call had that did not return."""

    def __init__(self, asked: Sequence[Question], hung: Arguments | None) -> None:
        self.asked, self.hung = asked, hung


class CellsEnded(Exception):
    """The subject ended its host, or did not return: the cells of the job say so."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        super().__init__(cells)
        self.cells = list(cells)


class PartExpired(Exception):
    """The budget has ended, and what was asked for has not come."""


@dataclass
class WorkerPool:
    """The workers of a job."""

    executor: ProcessPoolExecutor
    count: int
    folder: Path

    def ask(self, question: Callable[..., Result], *given: Any, deadline: float | None) -> Result:
        """The answer of one worker; raises `Ended` or `PartExpired` where there is none."""
        future = self.executor.submit(question, *given)
        done, _ = wait([future], _left(deadline))
        if not done:
            raise PartExpired
        try:
            return future.result()
        except BrokenProcessPool:
            raise Ended([(question, given)], self.hung()) from None

    def parts(self, spans: Sequence[Span], deadline: float | None) -> Iterator[tuple[Span, dict[str, Tally]]]:
        """Scan the spans, and yield each as it is done, until the deadline; a few are under way at a time."""
        waiting, running = list(reversed(spans)), dict[Future[dict[str, Tally]], Span]()
        while waiting or running:
            over = deadline is not None and time.monotonic() > deadline
            while waiting and not over and len(running) < 2 * self.count:
                span = waiting.pop()
                running[self.executor.submit(tallies_of, span)] = span
            done, _ = wait(running, _left(deadline), FIRST_COMPLETED)
            if not done:  # the deadline; what is under way is lost
                return
            for future in done:
                try:
                    tallies = future.result()
                except BrokenProcessPool:
                    asked = [(tallies_of, (span,)) for span in sorted(running.values())]
                    raise Ended(asked, self.hung()) from None
                yield running.pop(future), tallies

    def hung(self) -> Arguments | None:
        """The arguments of a call that did not return, if the watchdog ended its worker."""
        calls = (read(marker.with_suffix(".call")) for marker in self.folder.glob("*.hung"))
        return next((call[0] for call in calls if call is not None), None)


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline + GRACE_SECONDS - time.monotonic(), 0.0)


@contextmanager
def workers(job: Job, count: int, limit: float | None) -> Iterator[WorkerPool]:
    """Workers that have resolved the subject; a call of more than `limit` seconds ends its worker.

    They keep each call in a file before they make it.
    """
    with scratch_folder() as folder, Watchdog(folder, limit):
        tried = None if job.subject.place is None or job.subject.kind != "user" else to_json(job.subject)
        begin = (
            job.spec,
            tried,
            [p.name for p in job.properties],
            job.domain.name,
            job.fmt.name,
            str(folder),
            limit,
            job.limits,
        )
        executor = ProcessPoolExecutor(count, initializer=_begin, initargs=begin)
        try:
            yield WorkerPool(executor, count, folder)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():  # some may never return
                process.terminate()
                process.join(1)
                if process.is_alive():
                    process.kill()


# In the workers.

_own: dict[str, Any] = {}


def _begin(
    spec: tuple[str, str | None],
    tried: Mapping[str, Any] | None,
    properties: Sequence[str],
    domain: str,
    dtype: str,
    folder: str,
    limit: float | None,
    limits: Limits,
) -> None:
    end_silently()
    subject = from_json(tried) if tried is not None else resolve(*spec, wish=Wish(limits))[0]
    role = role_named(subject.role)
    host = None if subject.place is None else host_of(subject, role.signature, limits)
    if host is not None:
        host.seconds = limit
    call = Call(subject, role.signature, Recorder(Path(folder) / f"{os.getpid()}.call"), host)
    call.prepare_by(role.ordinary(format_of(dtype)))
    chosen = [p for p in role.properties if p.name in properties]
    _own.update(subject=subject, role=role, properties=chosen, domain=DOMAINS[domain], fmt=format_of(dtype), call=call)
    end_with_parent()


@contextmanager
def _calling() -> Iterator[Call]:
    """While the subject may be called. Raises `CellsEnded` where it ends its host."""
    call: Call = _own["call"]
    try:
        with quiet():
            call.prepare()
            yield call
    except HostEnded as end:
        call.fatal = call.fatal or call.last
        raise CellsEnded(_ended_cells(call, end)) from None
    finally:
        call.returned()


def _ended_cells(call: Call, end: HostEnded) -> list[Cell]:
    """The cells of the job, with the call that ended the host, made again alone and made smaller."""
    assert call.host is not None
    call.host.seconds = None
    own, shared = _own["subject"], Shared()
    blank = [
        Cell(own.name, own.role, p.name, p.code, _own["fmt"].name, unit=p.unit, regimes=[_own["domain"].name])
        for p in _own["properties"]
    ]
    return [ended_host(cell, call, end, shared) for cell in blank]


def asked_once() -> tuple[str, str]:
    """Why the subject does not take the format, or an empty string; and the fingerprint of what is loaded by then."""
    with _calling() as call:
        refusal = refusal_of(call, _own["role"], _own["fmt"])
    if not refusal:
        tallies_of((0, 1))  # what a scan imports, and the subject for rows of this length, is loaded now
    host = _own["call"].host
    return refusal, fingerprint([_own["subject"].function]) + ("" if host is None else host.fingerprint())


def tallies_of(span: Span, block: int = BLOCK) -> dict[str, Tally]:
    """What is known of each property over a span."""
    with _calling() as call:
        return scan(_own["subject"], _own["role"], _own["properties"], _own["domain"], _own["fmt"], span, block, call)


def cells_of(tallies: Mapping[str, Tally]) -> list[Cell]:
    """The cell of each property whose whole domain was scanned."""
    own = _own["subject"], _own["role"]
    with _calling() as call:
        return [conclude(*own, p, _own["domain"], _own["fmt"], tallies[p.name], call) for p in _own["properties"]]


# After a worker ended.


def ended(job: Job, end: Ended) -> list[Cell]:
    """The cells of a job whose subject ended its process, or did not return, with the call that it did it on.

    After a crash what was under way is asked again, of one worker that keeps its calls.
    """
    verdict = "crashed" if end.hung is None else "hung"
    reason = "a worker process ended; not again when it was asked the same"
    cells = [unjudged(job, p, verdict, reason) for p in job.properties]
    call = end.hung or next(filter(None, (_fatal(job, *asked) for asked in end.asked)), None)
    if call is not None:
        what = "the process ended" if verdict == "crashed" else "one call had not returned"
        cell = replace(cells[0], detail=what, simplest=unfinished(call, None))
        task = Task(job.subject, role_named(job.subject.role), job.properties[0], job.fmt.name)
        rerun = confirmed(task, cell)
        cells = [replace(c, detail=rerun.detail, simplest=rerun.simplest, worst=rerun.worst) for c in cells]
    return cells


def _fatal(job: Job, question: Callable[..., Any], given: tuple[Any, ...]) -> Arguments | None:
    """The arguments on which a process that answers the question ends, or None; of a scan a single row, if one does."""
    with workers(job, 1, None) as pool:
        try:
            pool.ask(question, *given, deadline=None)
            return None
        except Ended:
            call = next(filter(None, map(read, pool.folder.glob("*.call"))), None)
    if call is None:
        return None
    rows = first(call[0])
    if question is tallies_of and len(rows) > 1:
        begin, stop = given[0]
        for start in range(begin, stop, BLOCK):  # the calls of a scan, until one is halved
            if job.domain.rows(job.fmt, start, start + 1).tobytes() == rows[:1].tobytes():
                return _fatal(job, tallies_of, ((start, start + len(rows)), 1)) or call[0]
    return call[0]


def unjudged(job: Job, prop: Property, verdict: str, reason: str) -> Cell:
    """A cell that says why it is not judged."""
    cell = Cell(job.subject.name, job.subject.role, prop.name, prop.code, job.fmt.name, verdict, unit=prop.unit)
    cell.detail, cell.regimes = reason, [job.domain.name]
    cell.severity = "critical" if cell.found else ""
    return cell
