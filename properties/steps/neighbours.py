"""Neighbours: millions of rows of two, in runs of neighbouring floats, rated by a fused screen.

Where an error is the sum of several roundings, the worst is where all of them meet. That is luck, which comes to one
row in a million, and has no slope that `climb` could follow. Among the floats of 16 bits the climb finds it; of more
bits, rows are called by the million, where a fused screen rates them in less time than the subject answers. In a run,
one entry goes through consecutive floats near a row that has come close; every so often there are normal deviates
instead. The properties that one call decides share the runs. The screen judges the answers that the fused screen does
not clear. A subject that goes from row to row in Python would take minutes, and is spared (`row_by_row`); a slow one
gets fewer calls, by powers of two. `benchmarks/search_power.py` tells what this reaches.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, log2

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.model.fused import Fused, clears
from extremum.properties.model.role import Experiment
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.blocks import Block
from extremum.properties.steps.decide import FAR_RATIO, screen_rows
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import screen_arithmetic

# Tuned with `benchmarks/search_power.py`, which prints the share of the known worst cases that is reached.
CALLS = 256
RUN_ROWS = 2**13  # two runs a call, with their answers, stay in the second-level cache
ORDINARY_EVERY = 4  # calls, of which one is of normal deviates
ROWS_KEPT = 8  # of a kind, no two of the same gap
NEAREST_OCTAVE, FARTHEST_OCTAVE = 10, 22  # powers of two, in ulps: how far a run is from the row that it is near
LEVEL_SHARE = 0.5  # of the runs: their row is shifted to (d, 0), since floats, and so gaps, are finest around 0
PROBE_ROWS = 256  # that show whether a subject goes from row to row

CLOSE, BEYOND = "close to what a property allows", "beyond a grade"
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
        return float(self.rank[-1]) if len(self.rank) == ROWS_KEPT else 0.0

    def take(self, x: Array, origin: Array, rank: Array) -> None:
        """Keep the most notable of what was and of these rows, no two of the same gap."""
        # Many of a run have nearly the same gap: the best few of each gap need a longer list to be chosen from.
        most = np.argsort(-rank, kind="stable")[: ROWS_KEPT**2]
        x, origin = np.concatenate([self.x, x[most]]), np.concatenate([self.origin, origin[most]])
        rank = np.concatenate([self.rank, rank[most]])
        order = np.argsort(-rank, kind="stable")
        _, first = np.unique(np.subtract(*x[order].astype(np.float64).T), return_index=True)
        best = order[np.sort(first)[:ROWS_KEPT]]
        self.x, self.origin, self.rank = x[best], origin[best], rank[best]


@dataclass(frozen=True)
class Doubtful:
    """The rows of a call of which some are in doubt, their ratios (rows,), and the rows of the block they came from."""

    x: Array
    origin: Array
    ratio: Array


@dataclass
class Neighbours:
    """How many rows were called and rated, what was notable, and by property the call with the most doubtful row.

    A call that raises is in doubt as a whole, for every property.
    """

    nothing: Array
    rows: int = 0
    notable: dict[Kind, Notable] = field(default_factory=dict)
    doubtful: dict[str, Doubtful] = field(default_factory=dict)
    raised: Doubtful | None = None

    def rows_called_for(self, name: str) -> int:
        """How many rows were rated for a property."""
        return self.rows if (CLOSE, name) in self.notable else 0

    def closest_rows(self, name: str) -> tuple[Array, Array]:
        """The rows to look at for a property (k, 2), and the rows of the block that they came from (k,)."""
        here = [n for (kind, of), n in self.notable.items() if kind == BEYOND or of == name]
        here.append(Notable(self.nothing))
        return np.concatenate([n.x for n in here]), np.concatenate([n.origin for n in here])

    def in_doubt(self, name: str) -> Doubtful | None:
        """A call in doubt for a property, if there was one."""
        return self.doubtful.get(name, self.raised)

    def closest(self) -> list[Notable]:
        """Those that came close to what a property allows."""
        return [n for (kind, _), n in self.notable.items() if kind == CLOSE and len(n.x)]

    def see(self, view: View, origin: Array, fused: Fused) -> None:
        """Take note of the rows of a call."""
        x = view.observation.x
        for name in fused.ratios:
            ratio = self._ratios(view, origin, fused, name)
            self._take((CLOSE, name), x, origin, np.where(np.isfinite(ratio), ratio, 0.0))
        for grade, beyond in fused.beyond.items():
            self._take((BEYOND, grade), x, origin, beyond)

    def _ratios(self, view: View, origin: Array, fused: Fused, name: str) -> Array:
        """The ratio of each row: by the fused screen, and by the screen for rows that it does not clear."""
        ratio, limit = fused.ratios[name], view.arithmetic.limit
        unclear = ~(ratio <= clears(fused, name, limit))
        most = self.doubtful[name].ratio.max() if name in self.doubtful else limit
        # One row that is refuted for sure is enough: the screen costs far more than a call.
        if most > FAR_RATIO or not unclear.any():
            return ratio
        few, prop = view.observation.take(unclear), view.role.property_named(name)
        assert prop is not None
        ratio = ratio.copy()
        ratio[unclear] = screen_rows(View(view.role, view.fmt, few, view.arithmetic, full_bound=False), prop)[3]
        if ratio.max() > most:
            self.doubtful[name] = Doubtful(view.observation.x, origin, np.where(ratio <= limit, 0.0, ratio))
        return ratio

    def _take(self, kind: Kind, x: Array, origin: Array, rank: Array) -> None:
        notable = self.notable.setdefault(kind, Notable(self.nothing))
        few = np.flatnonzero(rank > notable.floor)  # nearly always none, after the first calls
        if len(few):
            notable.take(x[few], origin[few], rank[few].astype(np.float64))


def has_neighbours(experiment: Experiment, block: Block) -> bool:
    """Whether neighbours are called: for properties that one call on a row decides and a fused screen may rate.

    In 16-bit formats the climb already reaches these rows.
    """
    prop, role = experiment.prop, experiment.role
    plain = prop.pointwise and experiment.fused
    rated = role.has_fused and role.signature.batched and role.signature.one_row
    return plain and rated and block.x.shape[-1] == 2 and experiment.fmt.dtype.itemsize > 2


def neighbours(
    experiment: Experiment, block: Block, seed: int, stop: Callable[[], bool], seconds: float = inf
) -> Neighbours:
    """Call the subject on runs near the best rows of the block, and on from the best of those, until `stop()`.

    Nothing is called if there is no fused screen of the answers. A call that raises is the last. The first call shows
    how many fit into `seconds`: all `CALLS`, and so the same rows for the same seed, unless a subject is some fifty
    times as slow as NumPy; else the largest power of two that fits.
    """
    found, fmt = Neighbours(block.x[:0]), experiment.fmt
    rng = np.random.default_rng([seed, CALLS, RUN_ROWS])
    x, origin = block.x, np.arange(len(block.x))
    try:
        if _rated(experiment, x[:PROBE_ROWS])[1] is None or row_by_row(experiment.call, x):
            return found
        # Turn 0 is the block itself, which the sweep has counted. Turn 1 is timed: turn 0 may pay for a compilation.
        turn, calls = 0, CALLS
        while turn <= calls and not stop():
            began = time.monotonic()
            view, fused = _rated(experiment, x)
            if fused is None:
                break
            found.see(view, origin, fused)
            found.rows += len(x) if turn else 0
            if turn == 1:
                calls = _fitting(seconds, time.monotonic() - began)
            turn += 1
            near = found.closest()
            x, origin = _near(rng, near, fmt) if near and turn % ORDINARY_EVERY else _ordinary_rows(rng, block, fmt)
    except Misbehaviour:
        found.raised = Doubtful(x, origin, np.full(len(x), inf))
    return found


def _fitting(seconds: float, one: float) -> int:
    """How many calls, of which one takes so long, fit: `CALLS`, or a lower power of two, and at least one."""
    fit = seconds / max(one, 1e-9)
    return CALLS if fit >= CALLS else 2 ** max(int(log2(max(fit, 1.0))), 0)


def row_by_row(call: Call, x: Array) -> bool:
    """Whether the subject goes from row to row of `x` in Python: whether it calls more functions for more rows."""
    # Only one profiler can count. Under another (coverage, cProfile) the subject counts as slow, and is spared.
    if sys.getprofile() is not None:
        return True
    few, many = (call.functions_called({"x": x[:rows]}) for rows in (PROBE_ROWS, 2 * PROBE_ROWS))
    return many - few > PROBE_ROWS / 2


def _rated(experiment: Experiment, x: Array) -> tuple[View, Fused | None]:
    observation = Observation({"x": x}, experiment.call.rows({"x": x}))
    view = View(experiment.role, experiment.fmt, observation, screen_arithmetic(experiment.fmt), full_bound=False)
    return view, experiment.role.fused_screen(view, frozenset())


def _near(rng: np.random.Generator, closest: list[Notable], fmt: Format) -> tuple[Array, Array]:
    """Two runs, each near one of the rows that came close."""
    runs, origins = [], []
    for _ in range(2):
        notable = closest[rng.integers(len(closest))]
        one = int(rng.integers(len(notable.x)))
        row = np.repeat(notable.x[one : one + 1], RUN_ROWS, axis=0)
        if rng.random() < LEVEL_SHARE:
            row -= row[:, 1:]
        column = int(rng.integers(2)) if row[0, 1] else 0  # a zero stays: the run is of gaps
        away = int(rng.standard_normal() * 2.0 ** rng.uniform(NEAREST_OCTAVE, FARTHEST_OCTAVE))
        row[:, column] = fmt.step(row[:, column], np.arange(away - RUN_ROWS // 2, away + RUN_ROWS // 2))
        runs.append(row)
        origins.append(np.full(RUN_ROWS, notable.origin[one]))
    return np.concatenate(runs), np.concatenate(origins)


def _ordinary_rows(rng: np.random.Generator, block: Block, fmt: Format) -> tuple[Array, Array]:
    """As many rows of normal deviates, as if they came from an ordinary row of the block."""
    return fmt.round(rng.standard_normal((2 * RUN_ROWS, 2))), np.full(2 * RUN_ROWS, block.ordinary)
