"""The parts of a proof as tasks of a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from extremum.properties.roles.registry import role_named
from extremum.properties.values.tally import Tally
from extremum.reports.driving.cluster import GRACE_SECONDS, Cluster, WorkersDied
from extremum.reports.driving.cluster_tasks import ANSWERED, Answer, Question, of_job
from extremum.reports.driving.proof_workers import Job, PartExpired, Span, beginning, tallies_of
from extremum.reports.driving.travelling import Parcel, packed

Result = TypeVar("Result")


def parcel_of(job: Job) -> Parcel:
    """The subject of a job, for other machines."""
    return packed(job.subject, role_named(job.subject.role))


class ClusterPool:
    """The workers of a cluster, for one job: asked as a `WorkerPool` is. A call may take `limit` seconds."""

    def __init__(self, cluster: Cluster, job: Job, limit: float | None) -> None:
        self.cluster, self._given = cluster, (parcel_of(job), beginning(job, limit))

    def ask(self, question: Callable[..., Result], *given: Any, deadline: float | None) -> Result:
        """The answer of one worker, which after the deadline is waited for a moment longer, as by a `WorkerPool`.

        Raises `BrokenProcessPool` or `PartExpired` where there is none.
        """
        until = None if deadline is None else max(deadline, time.monotonic()) + GRACE_SECONDS
        for _, answer in self.cluster.answers([self._question(question, *given)], until):
            return self._result(answer)
        raise PartExpired

    def parts(self, spans: Sequence[Span], deadline: float | None) -> Iterator[tuple[Span, dict[str, Tally]]]:
        """Scan the spans, and yield each as it is done, until the deadline.

        Raises `BrokenProcessPool` where a span ended all processes that it was scanned by.
        """
        for number, answer in self.cluster.answers([self._question(tallies_of, span) for span in spans], deadline):
            yield spans[number], self._result(answer)

    def _question(self, question: Callable[..., Any], *given: Any) -> Question:
        return Question([(of_job, (*self._given, question, *given))])

    def _result(self, answer: Answer | Exception) -> Any:
        if isinstance(answer, Exception) and not isinstance(answer, WorkersDied):
            raise answer
        outcome, what = ("", None) if isinstance(answer, WorkersDied) else answer.outcomes[0]
        if outcome != ANSWERED:
            raise BrokenProcessPool
        return what
