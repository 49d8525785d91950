"""Experiments on the arithmetic along a row: it is shifted, drawn together, cut short, reordered, in other precision.

Each gives the name of a cause in `properties.diagnosis.diagnose`, or an empty string where it shows none. All but the
one on significant bits are for roles that compute a softmax on the way.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from extremum.properties.diagnosis.bench import Bench, Trial, bits_used, depth, same_bits
from extremum.properties.inputs.regimes import log_eta, log_max, log_tiny
from extremum.properties.model.rounding import RECURSIVE_FROM
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import FORMATS, Format

NEAR = 0.35  # how far from where a format ends a failure may begin, in exponents: half of what sets two ends apart
MODERATE = 4.0  # a shift or gap that no exponential minds
FURTHER = 1.1  # times as far out: where a value is lost for sure
FAR_BELOW = 2e4  # further down than the floors that people start a maximum from
ROOM = 0.9  # of the largest value: a sum below it does not overflow
APART = 40.0  # a gap that makes the others count for nothing, in any dtype
FAR_OUT = 2.0**20  # where a rounding in float32 is 1/16
LEFT = 16.0  # allowances, times the largest entry, that the rounding of a gap explains
COARSE = 2.0**8  # times the error in float32 exceeds that in float64 where it is one of rounding
SOME = 2.0**-4  # of the largest value: more than this is no rounding
LOST_DIGITS = 14.0  # a gap beside which 1 - s has few digits in float32, and some in float64
SHORT = 6  # rows in which no sum stagnates
MUCH = 2.0**-5  # of what a stagnating sum loses in this experiment, which is about a half
SPARE = 3  # the part of the significand, 1/3, that is zero in an answer that was kept in fewer bits
CLOSE = 2.0**-6  # relative, or beside 1: what such an answer may be off
MIN_VALUES = 3  # of full significands, so that it is no chance
COTANGENTS = (1.2345678, 1.7654321, 1.3579246, 1.1234567, 1.4142136)


def formats(bench: Bench) -> list[Format]:
    """The formats that the subject may compute in: its own, and the two wide ones."""
    return list(dict.fromkeys((bench.fmt, FORMATS["float32"], FORMATS["float64"])))


def begins(lost: Callable[[float], bool], place: float, fmt: Format) -> bool:
    """Whether values are lost just above `place`, and not just below; in between lie the roundings of the place."""
    near = NEAR + (2 * place * fmt.unit_roundoff if fmt.name == "float16" else 0.0)
    return lost(place + near) and not lost(place - near)


def outweighed(bench: Bench) -> str:
    """A row whose sum exceeds the largest finite value by the number of its terms, cut until it does not."""
    row = bench.row
    if not bench.of_logits or row is None:
        return ""
    gaps = depth(row[bench.x])
    share = bench.fmt.max / float(np.exp(gaps).sum())
    if share >= 1:
        return ""
    shorter = bench.shortened(row, int(ROOM * share * gaps.size))
    return "" if bench.fails(shorter) else "sum overflow"


def shifted(bench: Bench) -> str:
    """Values that are lost where a row lies high or low, and not around zero: where does that begin?"""
    row = bench.row
    if not bench.of_logits or row is None:
        return ""
    top = float(row[bench.x].astype(np.float64).max())
    if not bench.lost(row):  # where they are not lost yet, further out they may be
        row = bench.moved(row, FURTHER * top)
    if not bench.lost(row) or any(bench.lost(bench.moved(row, t)) for t in (0.0, MODERATE, -MODERATE)):
        return ""
    if any(not bench.trial(bench.moved(row, t, MODERATE)).sound for t in (0.0, MODERATE, -MODERATE)):
        return ""  # an ordinary row fails as well
    return too_high(bench, row) if top > 0 else too_low(bench, row)


def too_high(bench: Bench, row: Arguments) -> str:
    """Where a row is lost on its way up: where the largest exponential leaves a format, or where the sum does."""
    gaps = depth(row[bench.x])
    alone = bench.with_logits(row, np.where(np.arange(gaps.size) == gaps.argmax(), 0.0, -APART)[None])
    weight = float(np.log(np.exp(gaps).sum()))
    for place in (log_max(fmt) / factors for fmt in formats(bench) for factors in (1, 2)):  # two: their product
        if begins(lambda top: bench.lost(bench.moved(alone, top)), place, bench.fmt):
            return "exp overflow"
    for fmt in formats(bench):
        above, below = log_max(fmt) - weight / 2, log_max(fmt) - weight - NEAR
        here = below < row[bench.x].max() <= log_max(fmt)
        if (here or bench.lost(bench.moved(row, above))) and not bench.lost(bench.moved(row, below)):
            return "sum overflow"
    return ""


def too_low(bench: Bench, row: Arguments) -> str:
    """Whether a row is lost on its way down, and not before the exponentials of a format are zero."""
    if not bench.lost(bench.moved(row, -min(FAR_BELOW, bench.fmt.max / 4))):
        return ""
    for fmt in formats(bench):
        if bench.lost(bench.moved(row, FURTHER * log_eta(fmt))):
            return "" if bench.lost(bench.moved(row, 0.45 * log_eta(fmt))) else "underflow to zero"
    return "underflow to zero"


def drawn_together(bench: Bench) -> str:
    """Values that are lost in a wide row and not where it is drawn together: at which gap does that begin?"""
    row = bench.row
    if not bench.of_logits or row is None or not bench.lost(row):
        return ""
    if not bench.trial(bench.moved(row, 0.0, MODERATE)).sound:
        return ""
    wide = bench.trial(bench.moved(row, 0.0, 4 * log_max(FORMATS["float64"])))
    if not wide.lost.any():
        return ""
    leader = depth(row[bench.x])[0] == 0
    width, n = wide.out.shape[1], len(leader)
    at_leader = wide.flawed[0, :: n + 1] if width == n * n else wide.flawed[0]
    if wide.vector:
        if at_leader[leader].any():
            return "exp overflow"
        if width == n and wide.lost[0][leader].any():
            return ""
    elif not bench.labels and wide.flawed.any():
        return "exp overflow" if wide.out[0, 0] > 0 else "underflow to zero"
    places = [
        place
        for fmt in formats(bench)
        for place in (
            *([] if wide.vector else [("exp overflow", log_max(fmt))]),
            ("subnormals flushed", -log_tiny(fmt)),
            ("underflow to zero", -log_eta(fmt) + float(np.log(2))),
        )
    ]
    for cause, place in places:
        if begins(lambda gap: bench.lost(bench.moved(row, 0.0, gap)), place, bench.fmt):
            return cause
    for fmt in formats(bench):  # where 1 - s is 1: that place follows the precision
        place = -float(np.log(fmt.unit_roundoff / 2))
        if begins(lambda gap: bench.lost(bench.moved(row, 0.0, gap)), place, bench.fmt):
            beyond = bench.moved(row, 0.0, FURTHER * place)
            return "cancellation" if of_rounding(bench, beyond) else ""
    return ""


def moved_apart(bench: Bench) -> str:
    """Everything is lost, wherever the row lies, and nothing where the others weigh nothing beside the largest."""
    row = bench.row
    if not bench.of_logits or row is None or row[bench.x].shape[1] == 1 or not bench.trial(row).lost.all():
        return ""
    if np.exp(-APART) < bench.fmt.tiny:  # too small for the dtype: an answer of zeros would be sound
        return ""
    top = np.arange(row[bench.x].shape[1]) == row[bench.x][0].astype(np.float64).argmax()
    apart = bench.with_logits(row, np.where(top, 0.0, -APART)[None])
    near = bench.with_logits(row, np.zeros((1, len(top))))
    return "sum overflow" if bench.trial(apart).sound and bench.trial(near).lost.all() else ""


def subnormals_flushed(bench: Bench) -> str:
    """Whether the answer is zero where the exact value is subnormal, and not where it is larger."""
    row = bench.row or next(iter(bench.rows), None)
    if row is None:
        return ""
    trial = bench.trial(row)
    wrong = trial.failing if not trial.sound else np.ones_like(trial.failing)
    small = (trial.out == 0) & (np.abs(trial.exact) < trial.tiny) & (np.abs(trial.exact) >= bench.fmt.eta)
    if not (wrong & small).any() or (trial.failing & ~small).any():
        return ""
    if not bench.of_logits:
        return "subnormals flushed"
    above = bench.trial(bench.moved(row, 0.0, -log_tiny(bench.fmt) - 2 * NEAR))
    if not ((above.out == 0) & (np.abs(above.exact) >= above.tiny)).any():
        return "subnormals flushed"
    place = -log_tiny(FORMATS["float32"])  # those of the format that it computes in
    there = begins(lambda gap: bench.lost(bench.moved(row, 0.0, gap)), place, bench.fmt)
    return "subnormals flushed" if there else ""


def summed(bench: Bench) -> str:
    """Many small terms after a large one, and before it; and the row cut short.

    Each is less than half of the spacing at the large one, all together weigh about half as much as it. In the wide
    formats they lie high up, where the spacing is coarse, if it is the logarithm that is the accumulator.
    """
    row = bench.row
    if not bench.of_logits or row is None:
        return ""
    shorter = range(2, min(row[bench.x].shape[1], SHORT))
    if not shorter or any(bench.fails(bench.shortened(row, length)) for length in shorter):
        return ""
    u, wide = bench.fmt.unit_roundoff, bench.fmt.precision >= RECURSIVE_FROM
    half = 2.0**-9 if wide else u
    n = int(min(1 / half, bench.role.longest))
    after = np.where(np.arange(n) == 0, 0.0, np.log(0.9 * half))[None]
    top, finer = (half / u, bench.fmt.dtype) if wide else (0.0, FORMATS["float32"].dtype)
    lost, kept = (bench.trial(bench.probe(top + x)).error.max() for x in (after, after[:, ::-1]))
    control = bench.trial(bench.probe(after, dtype=finer)).error.max()
    return "accumulator stagnation" if lost > max(2 * kept, COARSE * control, MUCH) else ""


def of_rounding(bench: Bench, row: Arguments) -> bool:
    """Whether the error follows the precision: that in float32 is out of bounds, and in float64 is far smaller."""
    coarse, fine = (bench.in_dtype(row, name) for name in ("float32", "float64"))
    if coarse is None or fine is None:
        return False
    low, high = bench.trial(coarse), bench.trial(fine)
    wrong = low.failing
    if not wrong.any() or low.flawed.any() or high.flawed.any():
        return False
    error = float(low.error[wrong].max())
    return COARSE * float(high.error[wrong].max()) < error < SOME * max(1.0, float(np.abs(low.exact).max()))


def kept_in_fewer_bits(bench: Bench) -> str:
    """Whether answers have few significant bits, or stand still where the input moves."""
    fmt = bench.fmt
    if bench.row is None or fmt.precision < RECURSIVE_FROM or of_rounding(bench, bench.row):
        return ""
    sets = [[bench.ordinary(n=5, rows=3)]]
    if bench.of_logits:
        sets.append([bench.probe(np.zeros((1, n))) for n in (3, 5, 7, 11, 13)])
        sets.append([bench.probe(np.zeros((1, 8)), np.eye(8)[:1] * g) for g in COTANGENTS])
    if any(_few_bits([bench.trial(rows) for rows in made], fmt) for made in sets):
        return "precision narrowed"
    return "precision narrowed" if bench.of_logits and _stands_still(bench) else ""


def _few_bits(trials: list[Trial], fmt: Format) -> bool:
    """Whether an entry, the same in all trials, has few significant bits and its exact value has not."""
    width = min(trial.out.shape[1] for trial in trials)
    out, exact = (np.concatenate([getattr(t, name)[:, :width] for t in trials]) for name in ("out", "exact"))
    full = bits_used(fmt.round(exact).astype(np.float64), fmt.precision) > fmt.precision - SPARE
    close = np.abs(out - exact) <= CLOSE * np.abs(exact)
    few = close & (out != 0) & (bits_used(out, fmt.precision) <= fmt.precision - fmt.precision // SPARE)
    return bool(((few | ~full).all(axis=0) & (full.sum(axis=0) >= MIN_VALUES)).any())


def _stands_still(bench: Bench) -> bool:
    """Whether small steps of an entry leave the answer where it was, though the exact one moves, and larger ones not.

    The larger is more than the spacing of bfloat16 in the entry, its exponential and the logarithm of the sum.
    """
    entries = np.array([0.28, 0.305, 0.33, 0.35, 0.37, 0.39, 0.41])

    def at(step: float) -> Trial:
        return bench.trial(bench.probe(np.stack([0 * entries, -entries - step], axis=1)))

    here, near, far = at(0.0), at(2.0**-15), at(0.0105)
    moves = np.abs(near.exact - here.exact) > 2.0**-4 * np.abs(far.exact - here.exact) * 2.0**-15 / 0.0105
    still = same_bits(here.out, near.out) & moves
    column = int(still.sum(axis=0).argmax())
    close = np.abs(here.out - here.exact) <= CLOSE
    stuck = still[:, column].sum() >= len(entries) - 2 and not same_bits(here.out, far.out)[:, column].any()
    return bool(stuck and close.all() and not here.sound)


def rounded_apart(bench: Bench) -> str:
    """Whether the error goes away where the row is shifted to a maximum of zero, and is of the size of a rounding."""
    row = bench.row
    if not bench.of_logits or row is None or bench.fails(bench.moved(row, 0.0)):
        return ""
    # So far out that a rounding is larger than any answer, nothing can be told by its size.
    top = float(row[bench.x].astype(np.float64).max())
    row = row if abs(top) <= FAR_OUT else bench.moved(row, float(np.copysign(FAR_OUT, top)))
    fine = bench.in_dtype(row, "float64")
    if fine is None or not bench.fails(row):
        return ""
    # What is allowed is a few roundings of each value, and the rounding of an entry costs as many as it is large.
    size = float(np.abs(row[bench.x].astype(np.float64)).max())
    if max(bench.trial(fine).ratio.max(), bench.trial(row).ratio.max()) > LEFT * size:
        return ""
    tie = bench.with_logits(row, np.full_like(row[bench.x], row[bench.x].max(), np.float64))
    return "cancellation" if not bench.role.bounded and not bench.trial(tie).sound else "rounding of the gap"


def subtracted(bench: Bench) -> str:
    """Whether the error follows the precision of the dtype, wherever the row lies and however short it is."""
    row = bench.row
    if not bench.of_logits or row is None:
        return ""
    drawn = bench.moved(row, 0.0, LOST_DIGITS)  # at a larger gap nothing may be left, in any dtype
    return "cancellation" if of_rounding(bench, row) or of_rounding(bench, drawn) else ""
