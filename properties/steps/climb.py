"""Climbing: from the rows that come closest to the error bound, towards rows that come closer.

A sweep samples every regime. It finds the neighbourhood where an error is largest, and seldom the row itself. From its
best rows, entries are moved along the number line of the format, by steps of 1 to 2^(p + 2) ulps, so that a step may
change the last bit or halve the interval to the next power of two; or a row is shifted to a power of two, where the
spacing of floats jumps. The best of all are kept, round after round, at first of different origins. Whole blocks are
screened at once, as in the sweep, and what exceeds its error bound is certified like any other row. Where luck decides
and no slope leads on, `properties.steps.neighbours` calls rows by the million.
`benchmarks/search_power.py` compares what this reaches with the worst case, known from exhaustion.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from math import inf

import numpy as np

from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.model.role import Experiment
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.blocks import Block
from extremum.properties.steps.decide import decide, exceeded, screen
from extremum.properties.steps.evidence import Evidence, Refutation
from extremum.properties.steps.neighbours import Neighbours, has_neighbours, neighbours
from extremum.properties.steps.profile import bins_of
from extremum.properties.steps.screen import REFUTED_ROWS, certify_rows
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import row_max, screen_arithmetic

# Tuned with `benchmarks/search_power.py`, which prints the share of the known worst cases that the climb reaches.
FIRST_MOVES = 8  # of every row of the block, in the first round: where all is flat, the best of them is no guide
ROWS_KEPT = 8  # after each round, to be moved in the next
ROUNDS_APART = 7  # first rounds in which no two rows that are kept come from the same row of the block
MOVES = 64  # of each row that was kept, in a round
ROUNDS = 12
MOVED_SHARE = 0.6  # of the entries of a row, in a move
TOGETHER_SHARE = 0.3  # of the moves: all entries of the row by the same number of ulps
EDGED_SHARE = 0.15  # of the moves: the row, gaps and all, to where its largest entry is a power of two
OCTAVES_BEYOND = 2  # a move goes at most 2^(p + 2) ulps; a binade has 2^p
BATCH_ROWS = 2**11  # of a call, as in a block of the sweep
LONGEST_CLIMBED = 4  # entries: of a longer row, too many would have to move together


def can_climb(experiment: Experiment, n: int) -> bool:
    """Whether rows of this length are moved: of properties with a magnitude, which one call on a row decides.

    A role that is called row by row has rows of two moved alone.
    """
    prop, signature = experiment.prop, experiment.role.signature
    plain = prop.pointwise and not prop.exact
    short = n <= LONGEST_CLIMBED if signature.batched else n == 2
    return plain and short and signature.one_row


def climb_block(evidence: Evidence, experiment: Experiment, rows: Block, ratio: Array, seed: int) -> None:
    """Climb from the best rows of a block, of which `ratio` (rows,) is measured/allowed."""
    _climb(evidence, experiment, rows, rows.x, ratio, np.arange(len(rows.x)), seed)


def climb_neighbours(
    evidence: Evidence,
    experiment: Experiment,
    rows: Block,
    shared: Shared,
    seed: int,
    stop: Callable[[], bool],
    seconds: float = inf,
) -> None:
    """Certify the neighbours of a block's rows that are in doubt, and climb from the closest."""
    name = experiment.prop.name
    near = _neighbours(experiment, rows, shared, seed, stop, seconds)
    x, origin = near.closest_rows(name)
    evidence.row_counts.append(near.rows_called_for(name))
    doubtful = near.in_doubt(name)
    if doubtful is not None:
        regimes = tuple(rows.regimes[i % len(rows.regimes)] for i in doubtful.origin)
        called = Block({"x": doubtful.x}, regimes, (), seed)
        certify_rows(evidence, experiment, called, Case(called.arguments), doubtful.ratio)
    if evidence.refuted or not len(x):
        return
    try:
        ratio = _take_reached(evidence, experiment, rows, x, origin)
    except Misbehaviour:
        return  # the call that raised is among `doubtful`: it was certified above
    if can_climb(experiment, rows.x.shape[-1]) and not evidence.refuted and not stop():
        _climb(evidence, experiment, rows, x, ratio, origin, seed + 1)


def ascent(experiment: Experiment, x: Array, ratio: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Rows that were reached from the best of `x` (rows, n): at most `ROWS_KEPT`, the closest to its bound first.

    `ratio` (rows,) are measured/allowed of `x`. Returns the rows, their own ratios, and for each the number of the
    row of `x` that it came from, which may be the row itself. A row that came from normal deviates has a number from
    `len(x)` on. Raises `Misbehaviour` as a call does.
    """
    fmt = experiment.fmt
    best, best_ratio, origin = x, ratio, np.arange(len(x))
    for turn, moves in enumerate((FIRST_MOVES, *[MOVES] * ROUNDS)):
        moved = fmt.step(np.repeat(best, moves, axis=0), _steps(rng, len(best) * moves, best.shape[1], fmt.precision))
        edged = rng.random(len(moved)) < EDGED_SHARE
        moved[edged] = _to_an_edge(rng, moved[edged], fmt)
        came = np.repeat(origin, moves)
        if turn == 0:
            # Half of them are new rows of ordinary size: where luck decides, no summit has a slope.
            moved[::2] = fmt.round(rng.standard_normal(moved[::2].shape))
            came[::2] += len(x)
        rows, ratios = np.concatenate([best, moved]), np.concatenate([best_ratio, ratios_of(experiment, moved)])
        origins = np.concatenate([origin, came])
        best, best_ratio, origin = _top(rows, ratios, origins, origins % len(x) if turn < ROUNDS_APART else None)
    return best, best_ratio, origin


def _steps(rng: np.random.Generator, rows: int, n: int, precision: int) -> Array:
    """Ulps to move each entry by; in some rows all entries by the same, so that ties stay ties."""
    size = np.exp2(rng.uniform(0, precision + OCTAVES_BEYOND, (rows, n))).astype(np.int64) * rng.choice(
        (-1, 1), (rows, n)
    )
    apart = np.where(rng.random((rows, n)) < MOVED_SHARE, size, 0)
    return np.where(rng.random((rows, 1)) < TOGETHER_SHARE, size[:, :1], apart)


def _to_an_edge(rng: np.random.Generator, x: Array, fmt: Format) -> Array:
    """Rows shifted so that their largest entry is a power of two, or the negative of one; finite as `x` is."""
    wide = x.astype(np.float64)
    edge = np.exp2(rng.integers(-2, fmt.precision + OCTAVES_BEYOND, (len(x), 1), endpoint=True))
    with np.errstate(over="ignore"):
        moved = wide - wide.max(axis=1, keepdims=True) + edge * rng.choice((-1, 1), (len(x), 1))
    return fmt.round(np.clip(moved, -fmt.max, fmt.max))


def rows_of_ascent(rows: int) -> int:
    """How many rows `ascent` looks at besides the `rows` of the block."""
    return rows * FIRST_MOVES + ROWS_KEPT * MOVES * ROUNDS


def ratios_of(experiment: Experiment, x: Array) -> Array:
    """measured/allowed of each row by the screen, with every term of what is allowed, shape (rows,).

    Where the screen leaves its own range (a double-double near the largest value) it shows nothing, and the ratio is 0.
    """
    parts = []
    batches = [x[start : start + BATCH_ROWS] for start in range(0, len(x), BATCH_ROWS)]
    for some, following in zip(batches, [*batches[1:], None], strict=True):
        view = one_call(experiment, some)
        if following is not None:
            experiment.call.ahead({"x": following})
        measured, allowed, ratio = screen(view, experiment.prop)
        shown = np.where(np.isnan(measured) | np.isnan(allowed), 0.0, ratio)
        parts.append(np.broadcast_to(row_max(shown)[:, 0], (len(some),)))
    return np.concatenate(parts) if parts else np.zeros(0)


def one_call(experiment: Experiment, x: Array) -> View:
    """One call on the rows, as the screen sees it."""
    observation = Observation({"x": x}, experiment.call.rows({"x": x}))
    return View(experiment.role, experiment.fmt, observation, screen_arithmetic(experiment.fmt))


def _top(x: Array, ratio: Array, origin: Array, apart: Array | None) -> tuple[Array, Array, Array]:
    """The closest rows, each once, or no two alike in `apart` (rows,), so that more than one summit is climbed."""
    order = np.argsort(-ratio, kind="stable")
    bits = np.ascontiguousarray(x[order]).view(np.uint8).reshape(len(x), -1)
    _, which = np.unique(bits if apart is None else apart[order], axis=0, return_index=True)
    order = order[np.sort(which)][:ROWS_KEPT]
    return x[order], ratio[order], origin[order]


def _climb(
    evidence: Evidence, experiment: Experiment, rows: Block, x: Array, ratio: Array, origin: Array, seed: int
) -> None:
    """Move the best of the rows `x`, which came from the rows `origin` of a block, and take in what is reached."""
    rng = np.random.default_rng([seed, x.shape[-1], zlib.crc32(experiment.prop.name.encode()), 1])
    try:
        reached, _, start = ascent(experiment, x, ratio, rng)
        evidence.row_counts.append(rows_of_ascent(len(x)))
        from_block = np.where(start < len(x), origin[start % len(x)], rows.ordinary)
        _take_reached(evidence, experiment, rows, reached, from_block)
    except Misbehaviour:
        return  # the sweep and the search report rows for which the subject raises


def _take_reached(evidence: Evidence, experiment: Experiment, rows: Block, x: Array, origin: Array) -> Array:
    """Return the ratio of each reached row. Rows that come closer to the bound than all before are decided."""
    prop, view, ratio = experiment.prop, one_call(experiment, x), ratios_of(experiment, x)
    evidence.profile.add(bins_of(np.abs(x.astype(np.float64)).max(axis=1)), x.shape[-1], ratio)
    if prop.grades:
        evidence.add_exceeded(exceeded(view, prop, screen(view, prop)[0]))
    refuted, known, worst = 0, bool(evidence.refuted), evidence.worst_ratio
    for turn, row in enumerate(np.argsort(-ratio, kind="stable")):
        # The first row may be the closest that holds; any other is of interest only where the screen can't clear it.
        least = max(evidence.closest_ratio, worst, view.arithmetic.limit if turn else 0.0)
        if refuted < REFUTED_ROWS and ratio[row] > least:
            case = Case({"x": np.ascontiguousarray(x[row : row + 1])})
            regime, decision = rows.regimes[origin[row] % len(rows.regimes)], decide(experiment, case)
            if known and decision.refuted:
                evidence.worse.append(Refutation(case, regime, decision))
            else:
                evidence.take(case, regime, decision)
            refuted += decision.refuted
    return ratio


def _neighbours(
    experiment: Experiment, rows: Block, shared: Shared, seed: int, stop: Callable[[], bool], seconds: float
) -> Neighbours:
    """The neighbours of a block, which the properties that look at its answer share."""
    if not has_neighbours(experiment, rows):
        return Neighbours(rows.x[:0])
    return shared.neighbours(experiment, rows, lambda: neighbours(experiment, rows, seed, stop, seconds))
