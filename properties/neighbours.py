"""Neighbours: millions of rows of two, in runs of neighbouring floats, rated by a fused screen.

Where an error is the sum of several roundings, the worst is where all of them meet. That is luck, which comes to one
row in a million, and has no slope that `ascent` could climb. Among the floats of 16 bits the ascent finds it; of more
bits, rows are called by the million, where a fused screen rates them in less time than the subject answers. In a run,
one entry goes through consecutive floats near a row that has come close; every so often there are normal deviates
instead. The properties that one call decides share the runs. A subject that goes from row to row in Python would take
minutes, and is spared (`row_by_row`). `benchmarks/search_power.py` tells what this reaches.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from extremum.properties.call import Call, Misbehaviour
from extremum.properties.fused import Fused
from extremum.properties.role import Experiment, Observation, View, alone, as_is
from extremum.properties.sweep import Block
from extremum.reference.formats import Array, Format
from extremum.reference.wide import screen_arithmetic

CALLS = 256
RUN = 2**13  # rows; two runs a call, with their answers, stay in the second-level cache
ANEW = 4  # of so many calls, one is of normal deviates
KEPT = 8  # rows of a kind, no two of the same gap
NEAREST, FARTHEST = 10, 22  # binary orders of magnitude, in ulps, of the distance of a run from its row
LEVEL = 0.5  # the share of runs whose row is shifted to (d, 0): around 0 floats, and so gaps, are finest
FEW = 256  # rows that show whether a subject goes from row to row

CLOSE, UNKNOWN, BEYOND = "close to what a property allows", "unknown to the fused screen", "beyond a grade"
Kind = tuple[str, str]  # one of these, and the name of the property or grade


@dataclass
class Notable:
    """Rows (k, 2) of a kind, the most notable first: what each is ranked by, and the row of the block it came from."""

    x: Array
    origin: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    rank: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def floor(self) -> float:
        """The rank that a row has to exceed."""
        return float(self.rank[-1]) if len(self.rank) == KEPT else 0.0

    def take(self, x: Array, origin: Array, rank: Array) -> None:
        """Keep the most notable of what was and of these rows, no two of the same gap."""
        most = np.argsort(-rank, kind="stable")[: KEPT**2]
        x, origin = np.concatenate([self.x, x[most]]), np.concatenate([self.origin, origin[most]])
        rank = np.concatenate([self.rank, rank[most]])
        order = np.argsort(-rank, kind="stable")
        _, first = np.unique(np.subtract(*x[order].astype(np.float64).T), return_index=True)
        best = order[np.sort(first)[:KEPT]]
        self.x, self.origin, self.rank = x[best], origin[best], rank[best]


@dataclass
class Neighbours:
    """How many rows were called, those that were notable, and one of which the call raised."""

    nothing: Array
    rows: int = 0
    notable: dict[Kind, Notable] = field(default_factory=dict)
    raised: Array | None = None

    def rows_for(self, name: str) -> int:
        """How many rows were rated for a property."""
        return self.rows if (CLOSE, name) in self.notable else 0

    def of(self, name: str) -> tuple[Array, Array]:
        """The rows to look at for a property (k, 2), and the rows of the block that they came from (k,)."""
        here = [n for (kind, of), n in self.notable.items() if kind == BEYOND or of == name]
        here.append(Notable(self.nothing))
        return np.concatenate([n.x for n in here]), np.concatenate([n.origin for n in here])

    def closest(self) -> list[Notable]:
        """Those that came close to what a property allows."""
        return [n for (kind, _), n in self.notable.items() if kind == CLOSE and len(n.x)]

    def see(self, x: Array, origin: Array, fused: Fused) -> None:
        """Take note of the rows of a call."""
        self.rows += len(x)
        for name, ratio in fused.ratios.items():
            known = np.isfinite(ratio)
            self._take((CLOSE, name), x, origin, np.where(known, ratio, 0.0))
            self._take((UNKNOWN, name), x, origin, ~known)
        for grade, beyond in fused.beyond.items():
            self._take((BEYOND, grade), x, origin, beyond)

    def _take(self, kind: Kind, x: Array, origin: Array, rank: Array) -> None:
        notable = self.notable.setdefault(kind, Notable(self.nothing))
        few = np.flatnonzero(rank > notable.floor)
        if len(few):
            notable.take(x[few], origin[few], rank[few].astype(np.float64))


def has_neighbours(experiment: Experiment, made: Block) -> bool:
    """Whether neighbours are called: for properties that one call on a row decides, in more than 16 bits."""
    prop, role = experiment.prop, experiment.role
    plain = prop.observe is alone and prop.arrange is as_is and not prop.masked
    return plain and role.signature.batched and made.x.shape[-1] == 2 and experiment.fmt.dtype.itemsize > 2


def neighbours(experiment: Experiment, made: Block, seed: int, stop: Callable[[], bool]) -> Neighbours:
    """Call the subject on the block, on runs near its best rows, and on from the best of those, until `stop()`.

    Where there is no fused screen of the answers, nothing is called. A call that raises is the last.
    """
    found, fmt = Neighbours(made.x[:0]), experiment.fmt
    rng = np.random.default_rng([seed, CALLS, RUN])
    x, origin = made.x, np.arange(len(made.x))
    try:
        if _fused(experiment, x[:FEW]) is None or row_by_row(experiment.call, x):
            return found
        for turn in range(1, CALLS + 1):
            fused = None if stop() else _fused(experiment, x)
            if fused is None:
                break
            found.see(x, origin, fused)
            near = found.closest()
            x, origin = _near(rng, near, fmt) if near and turn % ANEW else _anew(rng, made, fmt)
    except Misbehaviour:
        found.raised = _raising(experiment.call, x)
    return found


def row_by_row(call: Call, x: Array) -> bool:
    """Whether the subject goes from row to row of `x` in Python: whether it calls more functions for more rows.

    Also where another profiler counts calls already. The first call of each shape, which may compile, is not counted.
    """
    if sys.getprofile() is not None:
        return True
    few, many = (_functions_called(call, x[:rows]) for rows in (FEW, 2 * FEW))
    return many - few > FEW / 2


def _functions_called(call: Call, x: Array) -> int:
    count = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    call.rows({"x": x})
    sys.setprofile(profile)
    try:
        call.rows({"x": x})
    finally:
        sys.setprofile(None)
    return count


def _fused(experiment: Experiment, x: Array) -> Fused | None:
    observation = Observation({"x": x}, experiment.call.rows({"x": x}))
    view = View(experiment.role, experiment.fmt, observation, screen_arithmetic(experiment.fmt), careful=False)
    return experiment.role.fused(view, frozenset())


def _near(rng: np.random.Generator, closest: list[Notable], fmt: Format) -> tuple[Array, Array]:
    """Two runs, each near one of the rows that came close."""
    runs, origins = [], []
    for _ in range(2):
        notable = closest[rng.integers(len(closest))]
        one = int(rng.integers(len(notable.x)))
        row = np.repeat(notable.x[one : one + 1], RUN, axis=0)
        if rng.random() < LEVEL:
            row -= row[:, 1:]
        column = int(rng.integers(2)) if row[0, 1] else 0
        away = int(rng.standard_normal() * 2.0 ** rng.uniform(NEAREST, FARTHEST))
        row[:, column] = fmt.step(row[:, column], np.arange(away - RUN // 2, away + RUN // 2))
        runs.append(row)
        origins.append(np.full(RUN, notable.origin[one]))
    return np.concatenate(runs), np.concatenate(origins)


def _anew(rng: np.random.Generator, made: Block, fmt: Format) -> tuple[Array, Array]:
    """As many rows of normal deviates, as if they came from an ordinary row of the block."""
    ordinary = made.regimes.index("ordinary") if "ordinary" in made.present else 0
    return fmt.round(rng.standard_normal((2 * RUN, 2))), np.full(2 * RUN, ordinary)


def _raising(call: Call, x: Array) -> Array | None:
    """One of these rows (1, 2) of which the call raises alone, or None."""
    while len(x) > 1:
        half = len(x) // 2
        x = x[:half] if _raises(call, x[:half]) else x[half:]
    return x if _raises(call, x) else None


def _raises(call: Call, x: Array) -> bool:
    try:
        call.rows({"x": x})
    except Misbehaviour:
        return True
    return False
