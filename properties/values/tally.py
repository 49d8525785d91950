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


@dataclass
class Tally:
    """What is known of one property over a part of a domain.

    `worst` is (ratio, index) of the largest ratio, at the lowest index that has it. `doubtful` are the lowest
    `DOUBTS_KEPT` indices of rows that the screen can't clear. `doubts` counts such rows, up to `DOUBTS_KEPT` + 1: a
    subject that fails everywhere is tallied fast. `strays` are the lowest indices of rows whose answer alone differs
    from that among others. `exceeded` are the property's grades that a row exceeds; with so many doubts some may lack.
    """

    rows: int = 0
    worst: tuple[float, int] = (-np.inf, -1)
    doubts: int = 0
    doubtful: list[int] = field(default_factory=list)
    strays: list[int] = field(default_factory=list)
    exceeded: frozenset[str] = frozenset()

    def merge(self, other: Tally) -> None:
        """Add what is known of a disjoint part."""
        self.rows += other.rows
        self.worst = max(self.worst, other.worst, key=lambda w: (w[0], -w[1]))
        self.doubts = min(self.doubts + other.doubts, DOUBTS_KEPT + 1)
        self.doubtful = nsmallest(DOUBTS_KEPT, [*self.doubtful, *other.doubtful])
        self.strays = nsmallest(REFUTED_KEPT, [*self.strays, *other.strays])
        self.exceeded |= other.exceeded

    def to_json(self) -> dict[str, Any]:
        """The tally as JSON; an infinite ratio as a string."""
        return {**asdict(self), "worst": [number(self.worst[0]), self.worst[1]], "exceeded": sorted(self.exceeded)}

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Tally:
        """The inverse of `to_json`."""
        ratio, index = record["worst"]
        return Tally(**{**record, "worst": (float(ratio), index), "exceeded": frozenset(record["exceeded"])})
