"""Local ascent: from the rows of a block that come closest to what is allowed, towards rows that come closer.

A sweep samples every regime; where an error is largest it finds the neighbourhood, and seldom the row itself. From
its best rows entries are moved along the number line of the format, by steps of 1 to 2^(p + 2) ulps, so that a step may
change the last bit or halve the interval to the next power of two; or a row is shifted to a power of two, where the
spacing of floats jumps. The best of all are kept, round after round, at first of different origins. Whole blocks are
screened at once, as in the sweep, and what exceeds its allowance is certified like any other row.
`benchmarks/search_power.py` compares what it reaches with the worst case, known from exhaustion.
"""

from __future__ import annotations

import numpy as np

from extremum.properties.model.role import Experiment
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.decide import screen
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import row_max, screen_arithmetic

FIRST = 8  # moves of every row of the block: where all is flat, the best of them is no guide
KEPT = 8  # rows that are moved then
APART = 7  # rounds in which no two of them come from the same row of the block
MOVES = 64  # of each, in a round
ROUNDS = 12
MOVED = 0.6  # the share of entries that a move changes
TOGETHER = 0.3  # of rows whose entries are moved by the same number of ulps
EDGED = 0.15  # the share of moves that take a row, gaps and all, to where its largest entry is a power of two
FAR = 2  # binary orders of magnitude, over the 2^p ulps of a binade, that a move goes at most
AT_ONCE = 2**11  # rows, as in a block of the sweep
SHORT = 4  # the longest rows that are worth it: of more entries, too many would have to move together


def climbs(experiment: Experiment, n: int) -> bool:
    """Whether rows of this length are moved: of properties with a magnitude, which one call on a row decides.

    A role that is called row by row has rows of two moved alone.
    """
    prop, signature = experiment.prop, experiment.role.signature
    plain = prop.pointwise and not prop.exact
    short = n <= SHORT if signature.batched else n == 2
    return plain and short and signature.one_row


def climb(experiment: Experiment, x: Array, ratio: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Rows that were reached from the best of `x` (rows, n): at most KEPT of them, the closest to its allowance first.

    `ratio` (rows,) are measured/allowed of `x`. Returns the rows, their own ratios, and for each the number of the
    row of `x` that it came from, which it may be itself; one that came from normal deviates has a number from
    `len(x)` on. Raises `Misbehaviour` as a call does.
    """
    fmt = experiment.fmt
    best, found, origin = x, ratio, np.arange(len(x))
    for turn, moves in enumerate((FIRST, *[MOVES] * ROUNDS)):
        moved = fmt.step(np.repeat(best, moves, axis=0), _steps(rng, len(best) * moves, best.shape[1], fmt.precision))
        edged = rng.random(len(moved)) < EDGED
        moved[edged] = _to_an_edge(rng, moved[edged], fmt)
        came = np.repeat(origin, moves)
        if turn == 0:  # half of them new rows of ordinary size: where all is luck, no summit has a slope
            moved[::2] = fmt.round(rng.standard_normal(moved[::2].shape))
            came[::2] += len(x)
        rows, ratios = np.concatenate([best, moved]), np.concatenate([found, ratios_of(experiment, moved)])
        origins = np.concatenate([origin, came])
        best, found, origin = _top(rows, ratios, origins, origins % len(x) if turn < APART else None)
    return best, found, origin


def _steps(rng: np.random.Generator, rows: int, n: int, precision: int) -> Array:
    """Ulps to move each entry by; in some rows all entries by the same, so that ties stay ties."""
    size = np.exp2(rng.uniform(0, precision + FAR, (rows, n))).astype(np.int64) * rng.choice((-1, 1), (rows, n))
    apart = np.where(rng.random((rows, n)) < MOVED, size, 0)
    return np.where(rng.random((rows, 1)) < TOGETHER, size[:, :1], apart)


def _to_an_edge(rng: np.random.Generator, x: Array, fmt: Format) -> Array:
    """Rows shifted so that their largest entry is a power of two, or the negative of one; finite as `x` is."""
    wide = x.astype(np.float64)
    edge = np.exp2(rng.integers(-2, fmt.precision + FAR, (len(x), 1), endpoint=True))
    with np.errstate(over="ignore"):
        moved = wide - wide.max(axis=1, keepdims=True) + edge * rng.choice((-1, 1), (len(x), 1))
    return fmt.round(np.clip(moved, -fmt.max, fmt.max))


def looked_at(rows: int) -> int:
    """How many rows `climb` looks at besides the `rows` of the block."""
    return rows * FIRST + KEPT * MOVES * ROUNDS


def ratios_of(experiment: Experiment, x: Array) -> Array:
    """measured/allowed of each row by the screen, with every term of what is allowed, shape (rows,).

    Where the screen leaves its own range (a double-double near the largest value) it shows nothing, and the ratio is 0.
    """
    parts = []
    for start in range(0, len(x), AT_ONCE):
        some = x[start : start + AT_ONCE]
        measured, allowed, ratio = screen(seen(experiment, some), experiment.prop)
        shown = np.where(np.isnan(measured) | np.isnan(allowed), 0.0, ratio)
        parts.append(np.broadcast_to(row_max(shown)[:, 0], (len(some),)))
    return np.concatenate(parts) if parts else np.zeros(0)


def seen(experiment: Experiment, x: Array) -> View:
    """One call on the rows, as the screen sees it."""
    observation = Observation({"x": x}, experiment.call.rows({"x": x}))
    return View(experiment.role, experiment.fmt, observation, screen_arithmetic(experiment.fmt))


def _top(x: Array, ratio: Array, origin: Array, apart: Array | None) -> tuple[Array, Array, Array]:
    """The closest rows, each once, or no two alike in `apart` (rows,), so that more than one summit is climbed."""
    order = np.argsort(-ratio, kind="stable")
    bits = np.ascontiguousarray(x[order]).view(np.uint8).reshape(len(x), -1)
    _, which = np.unique(bits if apart is None else apart[order], axis=0, return_index=True)
    order = order[np.sort(which)][:KEPT]
    return x[order], ratio[order], origin[order]
