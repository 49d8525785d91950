"""A tally: what is known of one property over a part of a finite domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from heapq import nsmallest
from typing import Any

import numpy as np

from extremum.properties.values.finding import number

DOUBTS_KEPT = (
    4096  # rows in doubt that are certified; a subject that leaves more, and none of them refuted, is incomplete
)
REFUTED_KEPT = 4  # refuted rows after which no more are certified


THRESHOLDS = (0.5, 1.0, 2.0, 4.0)  # ulps, that entries are counted beyond


@dataclass
class UlpCounts:
    """How many entries are off by more than each of `THRESHOLDS`, for sure and in `doubts`.

    `doubtful` are the first `DOUBTS_KEPT` of the latter: pairs of the number of the threshold and the index of the row.
    """

    beyond: list[int] = field(default_factory=lambda: [0] * len(THRESHOLDS))
    doubts: list[int] = field(default_factory=lambda: [0] * len(THRESHOLDS))
    doubtful: list[tuple[int, int]] = field(default_factory=list)

    def add(self, number: int, beyond: int, doubtful: list[int]) -> None:
        """Add what is beyond a threshold, and the indices of what may be."""
        self.beyond[number] += beyond
        self.doubts[number] += len(doubtful)
        self.doubtful += [(number, index) for index in doubtful[:DOUBTS_KEPT]]
        self.doubtful = sorted(self.doubtful)[:DOUBTS_KEPT]

    def merge(self, other: UlpCounts) -> None:
        """Add those of a disjoint part."""
        self.beyond = [a + b for a, b in zip(self.beyond, other.beyond, strict=True)]
        self.doubts = [a + b for a, b in zip(self.doubts, other.doubts, strict=True)]
        self.doubtful = sorted([*self.doubtful, *other.doubtful])[:DOUBTS_KEPT]

    def ranges(self) -> dict[str, list[int]]:
        """How many are beyond each threshold: at least, and at most."""
        rows = zip(THRESHOLDS, self.beyond, self.doubts, strict=True)
        return {f"{threshold:g}": [least, least + doubts] for threshold, least, doubts in rows}


@dataclass
class Tally:
    """What is known of one property over a part of a domain.

    `worst` is (ratio, index) of the largest ratio, at the lowest index that has it. `doubtful` are the lowest
    `DOUBTS_KEPT` indices of rows that the screen can't clear. `doubts` counts such rows, up to `DOUBTS_KEPT` + 1: a
    subject that fails everywhere is tallied fast. `strays` are the lowest indices of rows whose answer alone differs
    from that among others. `exceeded` are the property's grades that a row exceeds; with so many doubts some may lack.
    `unasked` counts rows of which nothing is asked, as where a formula has no value, or no more than a finite answer.
    """

    rows: int = 0
    worst: tuple[float, int] = (-np.inf, -1)
    doubts: int = 0
    doubtful: list[int] = field(default_factory=list)
    strays: list[int] = field(default_factory=list)
    exceeded: frozenset[str] = frozenset()
    counts: UlpCounts | None = None
    unasked: int = 0

    def settle(self, rows: int, start: int) -> None:
        """Add rows in which nothing worth while is measured, the first of which has that number."""
        self.rows += rows
        self.worst = max(self.worst, (0.0, start), key=lambda w: (w[0], -w[1]))

    def merge(self, other: Tally) -> None:
        """Add what is known of a disjoint part."""
        self.rows += other.rows
        self.unasked += other.unasked
        self.worst = max(self.worst, other.worst, key=lambda w: (w[0], -w[1]))
        self.doubts = min(self.doubts + other.doubts, DOUBTS_KEPT + 1)
        self.doubtful = nsmallest(DOUBTS_KEPT, [*self.doubtful, *other.doubtful])
        self.strays = nsmallest(REFUTED_KEPT, [*self.strays, *other.strays])
        self.exceeded |= other.exceeded
        if other.counts is not None:
            self.counts = self.counts or UlpCounts()
            self.counts.merge(other.counts)

    def to_json(self) -> dict[str, Any]:
        """The tally as JSON; an infinite ratio as a string."""
        return {**asdict(self), "worst": [number(self.worst[0]), self.worst[1]], "exceeded": sorted(self.exceeded)}

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Tally:
        """The inverse of `to_json`."""
        ratio, index = record["worst"]
        counts = record["counts"] and UlpCounts(
            **{**record["counts"], "doubtful": [tuple(pair) for pair in record["counts"]["doubtful"]]}
        )
        exceeded = frozenset(record["exceeded"])
        return Tally(**{**record, "worst": (float(ratio), index), "exceeded": exceeded, "counts": counts})
