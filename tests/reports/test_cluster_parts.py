"""The parts of a proof on a cluster: how long they are waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from extremum.reports.driving.cluster_proof import ClusterPool
from extremum.reports.driving.cluster_tasks import ANSWERED, Answer


class Prompt:
    """A cluster that answers at once, and keeps what it was asked."""

    def answers(self, questions: list[Any], until: float | None) -> Iterator[tuple[int, Answer]]:
        self.until = until
        yield 0, Answer([(ANSWERED, "the cells")], {})


def test_cells_are_asked_for_after_the_deadline_too() -> None:
    pool, cluster = ClusterPool.__new__(ClusterPool), Prompt()
    pool.cluster, pool._given = cluster, ()  # type: ignore[assignment]
    assert pool.ask(str, deadline=time.monotonic() - 5) == "the cells"
    assert cluster.until is not None
    assert cluster.until > time.monotonic()
