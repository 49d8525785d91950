"""The fused screens of softmax and its logarithms: the loops of `kernel`, where Numba is installed.

They are for formats of 24 bits or fewer, and for answers in the format of the rows.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np

from extremum.properties.model import rounding
from extremum.properties.model.fused import MARGIN, Fused
from extremum.properties.model.view import View
from extremum.properties.roles.softmax import bounds
from extremum.reference.arithmetic.formats import FORMATS, Array, Format

EXACT = ("finite", "nonnegative", "at_most_one")  # hold where all outputs are in [0, 1]
OF_SOFTMAX = frozenset((*EXACT, "sum_to_one"))
GRADES = ULP, PAIRWISE = ("within an ulp", "pairwise or wide bound")  # those that are not the bound of `accuracy`
FORMS = ONE_SHIFT, TREE, _ = ("one shift", "tree of parts", "recursive")  # of logsumexp, the last its error bound
NEVER_BELOW = "never below the maximum"
LACKS = frozenset((ULP,))  # of long rows: in float32 the loops cannot tell an ulp


@lru_cache(maxsize=1)
def kernel() -> ModuleType | None:
    """The compiled loops, or None without Numba."""
    try:  # Numba is an extra: without it the properties screen all rows themselves
        from extremum.properties.roles.softmax import kernel as loops
    except ImportError:
        return None
    return loops


def softmax(view: View, open_grades: frozenset[str]) -> Fused | None:
    """What the loops see of rows (rows, n) and their softmax, or None where they can't look.

    An answer that is not in [0, 1] has infinite ratios in all properties, and so has a row of which more was flushed
    to zero than `properties.roles.softmax.bounds.flushed` excuses. Whether a long row is within an ulp is known where
    that is open.
    """
    inputs = _inputs(view)
    if inputs is None:
        return None
    loops, x, out, short = inputs
    numbers, lossy = _softmax(view.fmt, view.n)
    plain, sums, ratio, flushed = np.empty((4, len(x)))
    beyond = np.empty(len(x), np.int32)
    table = plain, sums, ratio, flushed, beyond
    # A row of a few entries fills no vector: the loops of short ones go along the columns, many rows at once.
    if short:
        loops.short_rows(x.T, out.T, numbers, lossy, table)
    else:
        loops.long_rows(x, out, numbers, lossy, ULP in open_grades, table)
    # These three hold where all outputs are in [0, 1]: then their ratio is 0 exactly, else it is not known.
    ratios = dict.fromkeys(EXACT, plain) | {"sum_to_one": sums, "accuracy": ratio, "gradual_underflow": flushed}
    grades = {PAIRWISE: beyond & 2 != 0}  # the bits as `entry` of the kernel sets them
    if not short and ULP not in open_grades:
        return Fused(ratios, grades, OF_SOFTMAX, LACKS)
    return Fused(ratios, grades | {ULP: beyond & 1 != 0}, OF_SOFTMAX)


def log_softmax(view: View, _open_grades: frozenset[str]) -> Fused | None:
    """What the loops see of rows (rows, n) and their log_softmax, or None where they can't look.

    A row with an answer that is positive, or not below the largest finite value in magnitude, has infinite ratios.
    """
    inputs = _inputs(view)
    if inputs is None:
        return None
    loops, x, out, short = inputs
    plain, sums, ratio = np.empty((3, len(x)))
    if short:
        loops.short_log_rows(x.T, out.T, _log_softmax(view.fmt, view.n), (plain, sums, ratio))
    else:
        loops.long_log_rows(x, out, _log_softmax(view.fmt, view.n), (plain, sums, ratio))
    exact = ("finite", "nonpositive", "saturation")
    return Fused(dict.fromkeys(exact, plain) | {"exp_sum_to_one": sums, "accuracy": ratio}, exactly=frozenset(exact))


def logsumexp(view: View, _open_grades: frozenset[str]) -> Fused | None:
    """What the loops see of rows (rows, n) and their logsumexp (rows, 1), or None where they can't look.

    An answer that is not below the largest finite value in magnitude has infinite ratios.
    """
    inputs = _inputs(view)
    if inputs is None:
        return None
    loops, x, out, short = inputs
    m, total = np.empty(len(x), np.float32), np.empty(len(x))
    if short:
        loops.short_sums(x.T, m, total)
    else:
        loops.long_sums(x, m, total)
    fmt, log_total, y = view.fmt, np.log(total), out[:, 0].astype(np.float64)
    shift, levels = _of_log(fmt, view.n), bounds.most_levels(fmt, view.n)
    with np.errstate(invalid="ignore"):
        above = y - m
        finite = np.abs(y) < fmt.max
        exact = m + log_total
        one = log_total * shift[1] + (shift[0] + fmt.eta) + np.abs(exact) * fmt.unit_roundoff
        least = min(bounds.tree_levels(view.n), levels)
        tree, may = (_of_parts(fmt, view.n, k, exact) if k > 1 else one for k in (least, levels))
        error, outside = np.abs(y - exact), np.where(above < 0, -above, above - np.log(view.n))
    ratios = {
        "finite": np.where(finite, 0.0, np.inf),
        "between": np.where(finite, outside / may, np.inf),
        "accuracy": np.where(finite, error / may, np.inf),
    }
    near = 1 - MARGIN  # a row that exceeds a grade by less in the sums here may exceed it in the property's
    beyond = {
        NEVER_BELOW: (above < 0) | (outside > may * near),
        ONE_SHIFT: error > one * near,
        TREE: error > tree * near,
    }
    return Fused(ratios, beyond, frozenset(("finite",)))


def _of_parts(fmt: Format, n: int, levels: int, exact: Array) -> Array:
    """The error bound of a logsumexp of parts, as `properties.roles.logsumexp.of_parts` has it."""
    t, logs, y = bounds.parts_error(fmt, n, levels)
    return t * (t + 1.0) + np.abs(exact) * y + (logs + fmt.eta)


def _inputs(view: View) -> tuple[ModuleType, Array, Array, bool] | None:
    """The loops, rows and answers as float32, and whether they are short: then by columns.

    None without Numba, and where float32 would lose anything.
    """
    x, out = view.observation.x, view.observation.out
    # float64 rows would be rounded on the way in, and an answer of another dtype converted before it is judged.
    if out is None or view.fmt.precision > FORMATS["float32"].precision or not out.dtype == x.dtype == view.fmt.dtype:
        return None
    loops = kernel()
    if loops is None:
        return None
    short = view.n <= loops.SHORT_ROW_MAX
    # Conversion is exact, and without a copy where the rows are float32 in that order already.
    wide, answer = (np.asarray(a, np.float32, order="F" if short else "C") for a in (x, out))
    return loops, wide, answer, short


def _of_log(fmt: Format, n: int) -> tuple[float, float]:
    """What log S may be off (`bounds.log_error`): t, and a slope times log S."""
    # Without `bounds.rescaling`, as in any first screen: the smaller error bound, so what it clears is clear.
    t = bounds.fixed(fmt, n, rounding.additions(fmt, n))
    slope = (rounding.LOG_ERROR[fmt.name] + rounding.gap_roundings(fmt) - 1) * fmt.unit_roundoff
    return float(t * (t + 1.0)), float(slope)


@lru_cache(maxsize=1024)
def _log_softmax(fmt: Format, n: int) -> tuple[float, float, float, np.int32]:
    """`bounds` of the kernel's long_log_rows."""
    t, slope = _of_log(fmt, n)
    most = np.float32(fmt.max).view(np.int32)
    return float(rounding.gap_roundings(fmt) * fmt.unit_roundoff), slope, float(t + fmt.eta), most


@lru_cache(maxsize=1024)
def _softmax(fmt: Format, n: int) -> tuple[tuple[float, ...], float]:
    """`bounds` and `lossy` of the kernel's loops of softmax."""
    u, d = fmt.unit_roundoff, rounding.additions(fmt, n)
    at_most = (bounds.SCALINGS + rounding.EXP_ERROR[fmt.name]) * u
    base, pairwise = (bounds.fixed(fmt, n, adds) + at_most for adds in (d, min(rounding.pairwise(n), d)))
    gap, tiny = rounding.gap_roundings(fmt) * u, fmt.tiny * (1 - 2.0**-40)  # what the loops call flushed surely is
    numbers = (gap, base, pairwise, bounds.gradual(fmt), tiny, 2.0 ** (1 - fmt.precision))
    return tuple(map(float, numbers)), bounds.sum_error(fmt, n, d)
