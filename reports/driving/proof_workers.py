"""The workers of a proof."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.host_channel import Ended, Limits, undisturbed
from extremum.properties.calling.subject_callers import host_of
from extremum.properties.engine import refusal_of
from extremum.properties.exhaustion.domains import DOMAINS, Domain
from extremum.properties.exhaustion.scan import BLOCK, conclude, scan
from extremum.properties.model.property import Property
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.ending import RUNS, confirmed, ended
from extremum.properties.steps.resolve import resolve
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, from_json, to_json, told_apart
from extremum.properties.values.finding import Cell
from extremum.properties.values.tally import Tally
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.subjects.loading import fingerprint
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.interrupts import end_silently, end_with_parent

GRACE_SECONDS = 20.0  # beyond the budget: so long is what is under way waited for
Span = tuple[int, int]
Result = TypeVar("Result")


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

    def ask(self, question: Callable[..., Result], *given: Any, deadline: float | None) -> Result:
        """The answer of one worker; raises `BrokenProcessPool` or `PartExpired` where there is none."""
        future = self.executor.submit(question, *given)
        done, _ = wait([future], _left(deadline))
        if not done:
            raise PartExpired
        return future.result()

    def parts(self, spans: Sequence[Span], deadline: float | None) -> Iterator[tuple[Span, dict[str, Tally]]]:
        """Scan the spans, and yield each as it is done, until the deadline; a few are under way at a time.

        Raises `BrokenProcessPool` where a worker ended.
        """
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
                yield running.pop(future), future.result()


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline + GRACE_SECONDS - time.monotonic(), 0.0)


@contextmanager
def workers(job: Job, count: int, limit: float | None) -> Iterator[WorkerPool]:
    """Workers that have resolved the subject; a call of more than `limit` seconds ends its host."""
    tried = to_json(job.subject) if told_apart(job.subject) else None
    executor = ProcessPoolExecutor(count, initializer=_begin, initargs=(job.spec, tried, *beginning(job, limit)))
    try:
        yield WorkerPool(executor, count)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():  # some may never return
            process.terminate()
            process.join(1)
            if process.is_alive():
                process.kill()


def beginning(job: Job, limit: float | None) -> tuple[Any, ...]:
    """What a worker begins with, besides the subject."""
    return [p.name for p in job.properties], job.domain.name, job.fmt.name, limit, job.limits


# In the workers.

_own: dict[str, Any] = {}


def _begin(
    spec: tuple[str, str | None],
    tried: Mapping[str, Any] | None,
    properties: Sequence[str],
    domain: str,
    dtype: str,
    limit: float | None,
    limits: Limits,
) -> None:
    end_silently()
    subject = from_json(tried) if tried is not None else resolve(*spec, wish=Wish(limits))[0]
    role = role_named(subject.role)
    host = None if subject.place is None else host_of(subject, role.signature, limits)
    if host is not None:
        host.seconds = limit
    call = Call(subject, role.signature, host)
    call.prepare_by(role.ordinary(format_of(dtype)))
    chosen = [p for p in role.properties if p.name in properties]
    _own.update(
        subject=subject, role=role, properties=chosen, domain=DOMAINS[domain].of(role), fmt=format_of(dtype), call=call
    )
    end_with_parent()


def begin_once(*given: Any) -> None:
    """As a process of another's begins, unless it has begun with just this."""
    if _own.get("given") != given:
        if (before := _own.get("call")) is not None and before.host is not None:
            before.host.end()
        _begin(*given)
        _own["given"] = given


def _calling(question: Callable[[Call], Result]) -> Result:
    """The answer to a question for which the subject is called. Raises `CellsEnded` where it ends its host."""
    call: Call = _own["call"]

    def asked() -> Result:
        call.prepare()
        return question(call)

    cells: list[Cell] = []
    for _ in range(RUNS):
        try:
            with quiet():
                return undisturbed(asked)
        except Ended as end:
            call.fatal = call.fatal or call.last
            cells, stand = _ended_cells(call, end)
            if stand:
                break
        finally:
            call.returned()
    raise CellsEnded(cells)


def _ended_cells(call: Call, end: Ended) -> tuple[list[Cell], bool]:
    """The cells of the job, with the call that ended the host, made again alone; and whether they stand."""
    assert call.host is not None
    own, shared = _own["subject"], Shared()
    limit, call.host.seconds = call.host.seconds, None
    cells, stand = list[Cell](), True
    for p in _own["properties"]:
        blank = Cell(own.name, own.role, p.name, p.code, _own["fmt"].name, unit=p.unit, regimes=[_own["domain"].name])
        cell, stands = confirmed(ended(blank, end), call, shared, limit)
        cells.append(cell)
        stand = stand and stands
    call.host.seconds = limit
    return cells, stand


def asked_once() -> tuple[str, str]:
    """Why the subject does not take the format, or an empty string; and the fingerprint of what is loaded by then."""
    own = _own["subject"], _own["role"], _own["properties"], _own["domain"], _own["fmt"]

    def loaded(call: Call) -> tuple[str, str]:
        refusal = refusal_of(call, _own["role"], _own["fmt"])
        if not refusal:
            scan(
                *own, (0, 1), BLOCK, call
            )  # what a scan imports, and the subject for rows of this length, is loaded now
        return refusal, fingerprint([own[0].function]) + ("" if call.host is None else call.host.fingerprint())

    return _calling(loaded)


def tallies_of(span: Span, block: int = BLOCK) -> dict[str, Tally]:
    """What is known of each property over a span."""
    own = _own["subject"], _own["role"], _own["properties"], _own["domain"], _own["fmt"]
    return _calling(lambda call: scan(*own, span, block, call))


def cells_of(tallies: Mapping[str, Tally]) -> list[Cell]:
    """The cell of each property whose whole domain was scanned."""
    own = _own["subject"], _own["role"]

    def concluded(call: Call) -> list[Cell]:
        return [conclude(*own, p, _own["domain"], _own["fmt"], tallies[p.name], call) for p in _own["properties"]]

    return _calling(concluded)


def unjudged(job: Job, prop: Property, verdict: str, reason: str) -> Cell:
    """A cell that says why it is not judged."""
    cell = Cell(job.subject.name, job.subject.role, prop.name, prop.code, job.fmt.name, verdict, unit=prop.unit)
    cell.detail, cell.regimes = reason, [job.domain.name]
    cell.severity = "critical" if cell.found else ""
    return cell
