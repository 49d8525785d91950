"""Causes: each finding is diagnosed by experiment, as one of the names of `CAUSES`.

`EXPERIMENTS` are a decision list: each changes one circumstance of the refuted case, calls the subject again, and
names a cause only where the answer shows it. What none explains is unknown. What a caller is owed comes first:
where calls or rows disturb each other, no experiment on a row alone shows anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from extremum.properties.call import Misbehaviour, is_floating, quiet
from extremum.properties.case import Case, present
from extremum.properties.comparison import differing
from extremum.properties.decide import Decision
from extremum.properties.diagnosis import Bench, Trial, bits_used, depth, same_bits
from extremum.properties.regimes import log_eta, log_max, log_tiny
from extremum.properties.role import Experiment
from extremum.properties.signature import Arguments, first
from extremum.reference.formats import FORMATS, Array, Format

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "exp overflow": "An exponential is infinite: the largest entry fails by itself as soon as it, or its gap to "
        "what is subtracted, passes log max of a format, and not where the row is shifted or drawn together.",
        "sum overflow": "The sum of the exponentials is infinite and none of them is: the largest entry alone is "
        "answered well, and so is the row where the others weigh nothing.",
        "underflow to zero": "An exponential or a probability is zero where its quotient or logarithm is not: the row "
        "fails far below zero, or from a gap on at which the smallest subnormal is left behind.",
        "accumulator stagnation": "The sum stops growing, since its terms are less than half of its spacing: many "
        "small terms after a large one are lost, before it they are not, and a short row is answered well.",
        "cancellation": "A small value is the difference of larger ones, and holds their rounding: the error follows "
        "the precision of the dtype, and no shift of the row (or, of a loss, no tie) takes it away.",
        "rounding of the gap": "Entries are rounded before they are subtracted: the error is of the size of a rounding "
        "of the entries, and goes away where the row is shifted to a maximum of zero.",
        "subnormals flushed": "A value below the smallest normal is made zero: the answer is zero where the exact value "
        "is subnormal, or is lost from a gap on at which an exponential becomes subnormal.",
        "masked value leaks": "Masked entries count: without them the row is answered well, or a row of nothing else "
        "is not answered with the value of an empty sum.",
        "wrong axis": "The reduction runs along another axis or over the whole array: ordinary rows fail along the "
        "axis of the case and not as a matrix, or rows change each other's answers both ways.",
        "state leaks between rows": "The answer depends on an earlier call or row, or changes with a later one: "
        "the same row is answered differently after different rows, time and again.",
        "storage order ignored": "Strides, offset or byte order are ignored: ordinary rows are answered differently "
        "in the layout of the case and in C order, and the input is left as it was.",
        "input mutated": "The call writes into its argument: after it the argument is another.",
        "precision narrowed": "Something is kept in fewer bits than the dtype has: the answer has another, narrower "
        "dtype or few significant bits, or stands still where the input moves by less than a coarser spacing.",
        "unknown": "No experiment shows the cause.",
    }
)

NEAR = 0.35  # how far from where a format ends a failure may begin, in exponents: half of what sets two ends apart
MODERATE = 4.0  # a shift or gap that no exponential minds
FAR_BELOW = 2e4  # further down than the floors that people start a maximum from
APART = 40.0  # a gap that makes the others count for nothing, in any dtype
FAR_OUT = 2.0**20  # where a rounding in float32 is 1/16
COARSE = 2.0**8  # times the error in float32 exceeds that in float64 where it is one of rounding
LEFT = 16.0  # roundings of the largest entry that the rounding of a gap explains
LOST_DIGITS = 14.0  # a gap beside which 1 - s has few digits in float32, and some in float64
LEAK = 2.0**-6  # of the largest value: more than any dither of the last bit
SPARE_BITS = 6  # low bits that are zero in all of an answer that was kept in fewer bits
RECURSIVE_FROM = 24


def diagnose(experiment: Experiment, case: Case, decision: Decision) -> str:
    """The cause of a refuted case, one of `CAUSES`; never raises for what the subject does, nor for the role's."""
    bench = Bench(experiment, case, decision)
    with quiet():
        for experiment_on in EXPERIMENTS:
            try:
                cause = experiment_on(bench)
            except Exception:  # an experiment that the subject or the role has no answer to shows nothing
                continue
            if cause:
                return cause
    return "unknown"


# What a caller is owed


def purity(bench: Bench) -> str:
    """Whether a call changes its argument, or the answer that was given before."""
    if bench.prop.name not in ("purity", "layout"):
        return ""
    arguments = {name: np.asarray(a) for name, a in bench.call.calls(bench.case.arguments)[0].items()}
    handed = {name: present(a, "C") for name, a in arguments.items()}
    answer = bench.call.raw(handed)
    if any(differing(handed[name], a) for name, a in arguments.items()):
        return "input mutated"
    before = np.array(bench.call.taken(answer), copy=True)
    bench.call.raw({name: present(a[..., ::-1] if a.ndim else a, "C") for name, a in arguments.items()})
    return "state leaks between rows" if differing(bench.call.taken(answer), before) else ""


def memory_of_calls(bench: Bench) -> str:
    """Whether a row is answered differently after different rows, and alike after the same."""
    rows = bench.ordinary()
    target, one, two = ({name: a[r : r + 1] for name, a in rows.items()} for r in range(3))
    last = list(bench.signature.inputs)[-1]
    for before, instead in ((one, two), ({**target, last: one[last]}, {**target, last: two[last]})):
        # A row of another length comes first, which clears what is kept by length; an even number of calls each.
        after: dict[bool, list[Array]] = {True: [], False: []}
        for which in (True, False, False, True, True, False):
            for clearing in (slice(0, 2), slice(1, 3)):
                bench.call.rows({name: a[:1, clearing] if a.ndim > 1 else a[:1] * 0 for name, a in rows.items()})
            bench.call.rows(before if which else instead)
            after[which].append(np.nan_to_num(bench.call.rows(target).astype(np.float64)))
        a, b = np.array(after[True]), np.array(after[False])
        spread = np.maximum(np.ptp(a, axis=0), np.ptp(b, axis=0))
        between = np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0))
        if (between > np.maximum(4 * spread, LEAK * np.abs(a).max())).any():
            return "state leaks between rows"
    return ""


def memory_of_rows(bench: Bench) -> str:
    """Which rows of an array change the answers of which: those above and below, or only those that come after."""
    if not bench.signature.batched or bench.prop.name == "determinism":
        return ""
    # Square, so that an axis too few broadcasts in silence.
    rows = bench.ordinary()
    base = bench.call.array(rows)
    # An answer that is merely transposed, or that varies, shows nothing.
    if len(base) != len(rows[bench.x]) or (base.ndim > 1 and not bench.trial(rows).sound and _transposed(bench, rows)):
        return ""
    if differing(base, bench.call.array(rows)):
        return ""
    upwards = downwards = False
    for changed in range(len(base)):
        for by in (1.0, FAR_BELOW / 2):
            x = rows[bench.x].astype(np.float64)
            x[changed] = x[changed, ::-1] + by
            out, again = (bench.call.array(bench.with_logits(rows, x)) for _ in range(2))
            if differing(out, again):
                return ""
            others = ~same_bits(out, base).reshape(len(base), -1).all(axis=1)
            upwards, downwards = upwards or others[:changed].any(), downwards or others[changed + 1 :].any()
    return "wrong axis" if upwards and downwards else "state leaks between rows" if downwards else ""


def _transposed(bench: Bench, rows: Arguments) -> bool:
    exact = bench.trial(rows).exact
    return bool(np.allclose(bench.call.array(rows).astype(np.float64).T, exact, rtol=1e-2, atol=1e-3))


def along_axis(bench: Bench) -> str:
    """Ordinary rows along the axis of the case, against the same rows as a matrix."""
    if bench.prop.name != "axis" or bench.call.axis is None:
        return ""
    axis, dimensions = bench.case.axis, bench.case.x.ndim
    rows = bench.ordinary(n=5, rows=int(np.prod((2, 3, 2)[: dimensions - 1], dtype=int)))
    if not bench.trial(rows).sound:
        return ""
    laid = np.moveaxis(first(rows).reshape(*(2, 3, 2)[: dimensions - 1], 5), -1, axis)
    try:
        out = bench.call.answer({bench.x: np.ascontiguousarray(laid)}, axis)
    except Misbehaviour:
        return "wrong axis"
    kept = np.moveaxis(out, axis, -1) if out.ndim == dimensions else out
    alike = np.allclose(kept.reshape(len(first(rows)), -1), bench.call.rows(rows), rtol=8 * bench.fmt.unit_roundoff)
    return "" if alike else "wrong axis"


def in_layout(bench: Bench) -> str:
    """Ordinary rows in the layout of the case, against the same rows in C order."""
    if bench.prop.name != "layout" or bench.case.layout in ("C", "read-only"):
        return ""
    rows = bench.ordinary(n=5, rows=4)
    if bench.case.layout == "broadcast":
        rows = {name: np.repeat(a[:1], 4, axis=0) for name, a in rows.items()}
    if bench.signature.batched and bench.case.x.ndim == len((2, 2, 5)):
        rows = {name: a.reshape(2, 2, 5) for name, a in rows.items()}
    other = bench.call.rows(rows)
    if differing(other, bench.call.rows(rows)):
        return ""
    out = bench.call.rows(rows, bench.case.layout)
    alike = np.allclose(out.astype(np.float64), other.astype(np.float64), rtol=8 * bench.fmt.unit_roundoff)
    return "" if alike else "storage order ignored"


def narrower_dtype(bench: Bench) -> str:
    """Whether the answer comes in a dtype of fewer bits."""
    if bench.prop.name != "dtype":
        return ""
    out = bench.call.array(bench.call.calls(bench.case.arguments)[0])
    narrower = is_floating(out) and out.dtype.itemsize < bench.fmt.dtype.itemsize
    return "precision narrowed" if narrower else ""


def masked(bench: Bench) -> str:
    """Whether the row is answered well without its masked entries, or a row of nothing else is not."""
    if not bench.prop.masked:
        return ""
    if bench.rows and not np.isposinf(bench.case.x).any():
        kept = [bench.trial(row) for row in bench.rows]
        sound, lost = all(trial.sound for trial in kept), any(trial.lost.any() for trial in kept)
        extra = None if lost else bench.experiment.observe(bench.case).extra
        return "masked value leaks" if sound or (extra is not None and (extra > 0).any()) else ""
    nothing = bench.probe(np.full((1, 2), -np.inf))
    return "" if (bench.call.rows(nothing) == -np.inf).all() else "masked value leaks"


# What an exponential or a sum does


def formats(bench: Bench) -> list[Format]:
    """The formats that the subject may compute in: its own, and the two wide ones."""
    return list(dict.fromkeys((bench.fmt, FORMATS["float32"], FORMATS["float64"])))


def begins(lost: Callable[[float], bool], place: float, fmt: Format) -> bool:
    """Whether values are lost just above `place`, and not just below; in between lie the roundings of the place."""
    near = NEAR + (2 * place * fmt.unit_roundoff if fmt.name == "float16" else 0.0)
    return lost(place + near) and not lost(place - near)


def shifted(bench: Bench) -> str:
    """Values that are lost where a row lies high or low, and not around zero: where does that begin?"""
    row = bench.row
    if not bench.of_logits or row is None:
        return ""
    top = float(row[bench.x].astype(np.float64).max())
    if not bench.lost(row):  # where they are not lost yet, further out they may be
        row = bench.moved(row, 1.1 * top)
    if not bench.lost(row) or any(not bench.trial(bench.moved(row, t)).sound for t in (0.0, MODERATE, -MODERATE)):
        return ""
    return too_high(bench, row) if top > 0 else too_low(bench, row)


def too_high(bench: Bench, row: Arguments) -> str:
    """Where a row is lost on its way up: where the largest exponential leaves a format, or where the sum does."""
    gaps = depth(row[bench.x])
    alone = bench.with_logits(row, np.where(np.arange(gaps.size) == gaps.argmax(), 0.0, -APART))
    weight = float(np.log(np.exp(gaps).sum()))
    for fmt in formats(bench):
        if begins(lambda top: bench.lost(bench.moved(alone, top)), log_max(fmt), bench.fmt):
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
        if bench.lost(bench.moved(row, 1.1 * log_eta(fmt))):
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
            beyond = bench.moved(row, 0.0, 1.1 * place)
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


def flushed(bench: Bench) -> str:
    """Whether the answer is zero where the exact value is subnormal."""
    for row in bench.rows[:1] if bench.row is None else [bench.row]:
        trial = bench.trial(row)
        wrong = trial.failing if not trial.sound else np.ones_like(trial.failing)
        small = (trial.out == 0) & (np.abs(trial.exact) < trial.tiny) & (np.abs(trial.exact) >= bench.fmt.eta)
        if (wrong & small).any() and not (trial.failing & ~small).any():
            return "subnormals flushed"
    return ""


# What a sum or a rounding does


def summed(bench: Bench) -> str:
    """Many small terms after a large one, and before it; and the row cut short.

    Each is less than half of the spacing at the large one, all together weigh about half as much as it. In the wide
    formats they lie high up, where the spacing is coarse, if it is the logarithm that is the accumulator.
    """
    row = bench.row
    if not bench.of_logits or row is None or bench.fails(bench.shortened(row, 2)):
        return ""
    u, wide = bench.fmt.unit_roundoff, bench.fmt.precision >= RECURSIVE_FROM
    half = 2.0**-9 if wide else u
    top = half / u if wide else 0.0
    n = int(min(1 / half, bench.role.longest))
    after = top + np.where(np.arange(n) == 0, 0.0, np.log(0.9 * half))[None]
    lost, kept = (bench.trial(bench.probe(x)) for x in (after, after[:, ::-1]))
    stagnates = not lost.sound and lost.error.max() > 2 * kept.error.max()
    return "accumulator stagnation" if stagnates else ""


def of_rounding(bench: Bench, row: Arguments) -> bool:
    """Whether the error follows the precision: that in float32 is out of bounds, and in float64 is far smaller."""
    coarse, fine = (bench.in_dtype(row, name) for name in ("float32", "float64"))
    if coarse is None or fine is None:
        return False
    low, high = bench.trial(coarse), bench.trial(fine)
    wrong = low.failing
    if not wrong.any() or low.flawed.any() or high.flawed.any():
        return False
    return bool(low.error[wrong].max() > COARSE * high.error[wrong].max())


def kept_in_fewer_bits(bench: Bench) -> str:
    """Whether answers have few significant bits, or stand still where the input moves."""
    fmt = bench.fmt
    if bench.row is None or fmt.precision < RECURSIVE_FROM or of_rounding(bench, bench.row):
        return ""
    sets = [[bench.ordinary(n=5, rows=3)]]
    if bench.of_logits:
        sets.append([bench.probe(np.zeros((1, n))) for n in (3, 5, 7, 11, 13)])
        sets.append([bench.probe(np.zeros((1, 8)), np.eye(8)[:1] * g) for g in (1.2345678, 1.7654321, 1.3579246, 1.1234567, 1.4142136)])
    if any(_few_bits([bench.trial(rows) for rows in made], fmt) for made in sets):
        return "precision narrowed"
    return "precision narrowed" if bench.of_logits and _stands_still(bench) else ""


def _few_bits(trials: list[Trial], fmt: Format) -> bool:
    """Whether an entry, the same in all trials, has few significant bits and its exact value has not."""
    width = min(trial.out.shape[1] for trial in trials)
    out, exact = (np.concatenate([getattr(t, name)[:, :width] for t in trials]) for name in ("out", "exact"))
    full = bits_used(fmt.round(exact).astype(np.float64), fmt.precision) > fmt.precision - SPARE_BITS // 2
    close = np.abs(out - exact) <= 2.0**-6 * np.abs(exact)
    few = close & (out != 0) & (bits_used(out, fmt.precision) <= fmt.precision - SPARE_BITS)
    return bool(((few | ~full).all(axis=0) & (full.sum(axis=0) >= MIN_VALUES)).any())


MIN_VALUES = 3


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
    close = np.abs(here.out - here.exact) <= 2.0**-6
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
    trial = bench.trial(fine)
    size = float(np.abs(row[bench.x].astype(np.float64)).max()) * FORMATS["float64"].unit_roundoff
    scale = max([1.0, *(float(np.abs(a.astype(np.float64)).max()) for name, a in row.items() if name != bench.x)])
    ours = bench.trial(row).error.max() * FORMATS["float64"].unit_roundoff / bench.fmt.unit_roundoff
    if max(trial.error.max(), ours) > LEFT * size * scale:
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


EXPERIMENTS: tuple[Callable[[Bench], str], ...] = (
    purity,
    narrower_dtype,
    memory_of_calls,
    memory_of_rows,
    along_axis,
    in_layout,
    masked,
    shifted,
    drawn_together,
    moved_apart,
    flushed,
    summed,
    kept_in_fewer_bits,
    rounded_apart,
    subtracted,
)
