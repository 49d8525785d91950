"""The loops of the fused screens of softmax, log_softmax and logsumexp, compiled by Numba (the extra `fast`).

They compute in float64, for formats of 24 bits and fewer. `x` and `out` are float32 rows, (rows, n) of the long loops
and (n, rows) of the short ones, C-contiguous; `x` is finite, `out` anything. The arguments of those of softmax:

| argument | is |
|---|---|
| `bounds` | (gap, base, pairwise, gradual, tiny, unit) as in `roles.softmax.bounds`: a component s may be off |
| | by t (t + 1) s + gradual, with t = gap depth + base; `pairwise` stands for `base` in the grade of that name; |
| | an output for s < `tiny` may be flushed to zero; `unit` times the power of two at or below s is its ulp |
| `lossy` | what the sum of a row may be off, and the sum of what is flushed |
| `ulps` | whether it is asked of long rows too if they are within an ulp |
| `table` | what is filled, for each row, infinite where it is not known: |
| | 0 if all outputs are in [0, 1]; the error of their sum over `lossy`; the largest error / allowed; |
| | the same of what was flushed; and a bit for each grade that an error exceeds |

exp(d) for d <= 0 is 2^k p(r), with k the integer nearest to d / ln 2 and r = d - k ln 2, ln 2 in two parts so that r
keeps its digits. p interpolates exp at the ten Chebyshev points of abs(r) <= h = ln(2) / 2: by the remainder of
interpolation it is off by at most exp(h) h^10 / (10! 2^9) < 2^-45, and 2^-44 relative. Below -600 it is
exp(-600) < 2^-865, which is nothing beside what may be lost of a row, 2^-147 an entry, and no number is subnormal.

LLVM makes vectors of a sum only where it may reassociate, and of a maximum only of integers. So the sum is `plus`, the
one function that allows it (elsewhere k would be lost), and the maximum of floats is one of their ordinals, or of their
bits where they are not negative. All is in one module, since Numba's cache looks at no other for changes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any, TypeVar

import numpy as np
from numba import njit

from extremum.reference.arithmetic.formats import Array

Function = TypeVar("Function", bound=Callable[..., Any])

HALF_LN2 = log(2) / 2
DEGREE = 9
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693147180369123816490  # 32 bits: k LN2_HIGH is exact
LN2_LOW = 1.90821492927058770002e-10
ROUNDING = 1.5 * 2.0**52  # added to a small float64, it leaves the nearest integer in the lowest bits
LOWEST = -600.0  # of an exponent: 2**k stays normal, so that k can be written into the bits

SCALE = 2.0**64  # what is below the normal range of float32 is divided with all its digits
RATIO_SHIFT = 2.0**-28  # added to a ratio: float32 numbers that are not normal cost a hundred cycles
RATIO_FLOOR = 2.0**-26  # a ratio that is less is 0: it may be nothing but the shift
ONE_BITS = 0x3F800000  # the bits of 1: those of other floats in [0, 1] are less, of any other float more
NORMAL_SHIFT = 2.0**-120  # what keeps a number normal in float32
DEPTH_MIN, DEPTH_MAX = np.float32(2.0**-80), np.float32(-LOWEST)  # what is beyond changes no ratio
CHUNK_ENTRIES = 512  # of a long row, looked at together: what is kept of them stays in the first-level cache
LANES = 256  # short rows that are looked at together: their exps stay in the first-level cache
SHORT_ROW_MAX = 24  # entries
GRADE_MARGIN = 1 - 2.0**-20  # a grade counts as exceeded a little early: an exact look follows
RATIO_SHIFT_32, GRADE_MARGIN_32 = np.float32(RATIO_SHIFT), np.float32(1 - 2.0**-18)  # wider: float32 rounds more
ULP_MARGIN = 1 - 2.0**-40  # s may be off by less: just below a power of two its ulp is half as large
_CHEBYSHEV = np.polynomial.Chebyshev.interpolate(np.exp, DEGREE, domain=(-HALF_LN2, HALF_LN2))
P: tuple[float, ...] = tuple(_CHEBYSHEV.convert(kind=np.polynomial.Polynomial).coef.tolist())  # of rising powers of r


def jitting(**options: Any) -> Callable[[Function], Function]:
    """A decorator that compiles, and keeps the machine code where a folder for it can be written."""

    def decorate(function: Function) -> Function:
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # "no locator available": neither beside this file nor in the user's cache
            return njit(**options)(function)

    return decorate


# "contract" joins a product and a sum. More would let LLVM cancel the two ROUNDING in `exp`, and k would be lost.
# By NumPy's error model a division by zero gives inf or NaN; by Python's it raises, a branch in every loop.
jitted = jitting(fastmath={"contract"}, error_model="numpy")


@jitting(fastmath={"reassoc", "nsz"})
def plus(a: Any, b: Any) -> Any:
    """a + b, a term of a sum in any order."""
    return a + b


@jitted
def exp(d: Any) -> Any:
    """exp(d) of a float64 d <= 0, as above."""
    safe = d if d > LOWEST else LOWEST  # in this order NaN becomes LOWEST too
    shifted = safe * LOG2_E + ROUNDING
    k = shifted - ROUNDING  # the nearest integer, as a float
    r = (safe - k * LN2_HIGH) - k * LN2_LOW  # the exact product first: the difference keeps all its digits
    p = P[9] * r + P[8]
    p = p * r + P[7]
    p = p * r + P[6]
    p = p * r + P[5]
    p = p * r + P[4]
    p = p * r + P[3]
    p = p * r + P[2]
    p = p * r + P[1]
    p = p * r + P[0]
    # The lowest bits of `shifted` are k; with the bias 1023 they are the exponent of 2**k. The shift drops the rest.
    scale = np.int64((np.float64(shifted).view(np.int64) + 1023) << 52)
    return p * np.int64(scale).view(np.float64)


@jitted
def flipped(i: Any) -> Any:
    """The bits of a float32 (int32) as an ordinal that rises with it; and of an ordinal, the bits."""
    # The bits of negative floats fall as the floats rise: below the sign, all are flipped.
    return np.int32(i ^ ((i >> np.int32(31)) & np.int32(0x7FFFFFFF)))


@jitted
def peak(x: Array) -> Any:
    """The maximum of a float32 row without NaN."""
    highest = np.int32(-(2**31))
    for j in range(len(x)):
        highest = max(highest, flipped(np.float32(x[j]).view(np.int32)))
    return np.int32(flipped(highest)).view(np.float32)


@jitted
def exps(x: Array, m: Any, e: Array) -> Any:
    """Fill `e` with exp(x - m), and return their sum."""
    total = 0.0
    for j in range(len(x)):
        e[j] = exp(np.float64(x[j]) - m)
        total = plus(total, e[j])  # in the order of the row LLVM would make no vectors of it
    return total


@jitted
def of_depth(depth: Any, gap: Any, base: Any) -> Any:
    """The relative error of a component."""
    t = depth * gap + base
    return t * (t + 1.0)


@jitted
def ratio_bits(error: Any, may: Any) -> Any:
    """error / may to within 2^-22 and `RATIO_FLOOR`, as bits of a float32, which rise with it: it is not negative."""
    scaled = may * SCALE  # before it is narrowed: else it would be subnormal in float32
    return np.float32(np.float32(scaled * RATIO_SHIFT + error * SCALE) / np.float32(scaled)).view(np.int32)


@jitted
def ratio_of(bits: Any) -> Any:
    """The ratio that has these bits."""
    ratio = np.float64(np.int32(bits).view(np.float32))
    return ratio if ratio > RATIO_FLOOR else 0.0


@jitted
def entry(depth: Any, s: Any, y: Any, bounds: Any) -> Any:
    """One component: the bits of its ratio and of its ratio if flushed, what was flushed, and the grades exceeded."""
    gap, base, pairwise, gradual, tiny, unit = bounds
    relative = of_depth(depth, gap, base)
    flushed = s if (y == 0.0) & (s < tiny) else 0.0  # judged by gradual_underflow, and no error of accuracy
    error = abs(y - s) - flushed
    under = ratio_bits(flushed, (relative + 1.0) * gradual)
    normal = (s if s > tiny else tiny) * ULP_MARGIN
    ulp = np.int64(np.float64(normal).view(np.int64) & 0x7FF0000000000000)  # the exponent alone: the power of two
    beyond = np.int32(error > np.int64(ulp).view(np.float64) * (unit * GRADE_MARGIN))
    beyond |= np.int32(error > (of_depth(depth, gap, pairwise) * s + gradual) * GRADE_MARGIN) << np.int32(1)
    return ratio_bits(error, relative * s + gradual), under, flushed, beyond


@jitted
def store(r: Any, worst: Any, under: Any, lost: Any, total: Any, top: Any, beyond: Any, lossy: Any, table: Any) -> None:
    """Write what a row has shown: infinite is what it does not show."""
    plain, sums, ratio, flushed, grades = table
    inside = top <= ONE_BITS  # not for NaN of either sign, whose ratio means nothing, nor for -0
    # Near the limit of what a flush may lose the order of the sum decides: the property itself looks.
    excused = inside & (lost <= lossy * GRADE_MARGIN)
    plain[r] = 0.0 if inside else np.inf
    sums[r] = abs(total - 1.0) / lossy if inside else np.inf
    ratio[r] = ratio_of(worst) if excused else np.inf
    flushed[r] = ratio_of(under) if excused else np.inf
    grades[r] = beyond


@jitted
def narrowed(answer: Array, e: Array, inverse: Any, error: Array, exact: Array) -> Any:
    """Fill float32 `error` and `exact` with abs(y - s) and s, times `SCALE`; the sum of the answers y.

    Both are made normal: what that adds is 2^-24 of the least that may be off, or less.
    """
    total, scale = 0.0, inverse * SCALE
    for j in range(len(answer)):
        y, s = np.float64(answer[j]), e[j] * scale
        error[j] = np.float32(abs(y * SCALE - s) + NORMAL_SHIFT)
        exact[j] = np.float32(s + NORMAL_SHIFT)
        total = plus(total, y)
    return total


@jitted
def largest(x: Array, m: Any, error: Array, exact: Array, numbers: Any) -> Any:
    """The bits of the largest error / allowed of entries that `narrowed` has looked at, and whether a grade is near.

    All arguments are float32, `numbers` are (gap, base, pairwise, gradual).
    """
    gap, base, pairwise, gradual = numbers
    worst, near = np.int32(0), np.int32(-(2**31))
    for j in range(len(x)):
        depth = max(m - x[j], DEPTH_MIN)  # the product of a tiny depth would be subnormal
        # A gap beyond the range of float32 is infinite: so would be what is allowed, and the ratio NaN.
        steps = (depth if depth < DEPTH_MAX else DEPTH_MAX) * gap
        t, p = steps + base, steps + pairwise
        may = (t * t + t) * exact[j] + gradual
        worst = max(worst, np.float32((may * RATIO_SHIFT_32 + error[j]) / may).view(np.int32))
        excess = error[j] - ((p * p + p) * exact[j] + gradual) * GRADE_MARGIN_32
        near = max(near, np.float32(excess).view(np.int32))  # the bits are positive just where it is
    return worst, near > 0


@jitted
def extremes(answer: Array) -> Any:
    """The largest and the least bits (uint32) of a row of answers."""
    top, bottom = np.uint32(0), np.uint32(2**32 - 1)
    for j in range(len(answer)):
        bits = np.float32(answer[j]).view(np.uint32)
        top, bottom = max(top, bits), min(bottom, bits)
    return top, bottom


@jitted
def long_rows(x: Array, out: Array, bounds: Any, lossy: Any, ulps: Any, table: Any) -> None:
    """Rows one after the other, read twice while in cache: in float32 where its digits suffice, else in float64.

    In float32 a ratio has twelve roundings where t is small, and up to sixteen count where it is not: a ratio up to 1
    is off by 2^-20 at most. That is no good if an output is 0, for `ulps`, or where a grade is near.
    """
    narrow = np.float32(bounds[0]), np.float32(bounds[1]), np.float32(bounds[2]), np.float32(bounds[3] * SCALE)
    e, error, exact = np.empty(x.shape[1]), np.empty(CHUNK_ENTRIES, np.float32), np.empty(CHUNK_ENTRIES, np.float32)
    for r in range(x.shape[0]):
        given, answer = x[r], out[r]
        m = np.float64(peak(given))
        inverse = 1.0 / exps(given, m, e)
        worst, under, lost, total, beyond = np.int32(0), np.int32(0), 0.0, 0.0, np.int32(0)
        top, bottom = extremes(answer)
        full_bound = ulps or bottom == 0  # an output of 0 may be a flush, which only `entry` tells from an error
        if not full_bound:
            for start in range(0, len(given), CHUNK_ENTRIES):
                stop = min(start + CHUNK_ENTRIES, len(given))
                total += narrowed(answer[start:stop], e[start:stop], inverse, error, exact)
                worst_of, near = largest(given[start:stop], np.float32(m), error, exact, narrow)
                worst, full_bound = max(worst, worst_of), full_bound | near
        if full_bound:
            worst, total = np.int32(0), 0.0  # what float32 has shown counts no more
            for j in range(len(given)):
                total = plus(total, np.float64(answer[j]))
            for j in range(len(given)):
                depth, y = m - np.float64(given[j]), np.float64(answer[j])
                ratio, under_of, gone, exceeded = entry(depth, e[j] * inverse, y, bounds)
                worst, under = max(worst, ratio), max(under, under_of)
                lost = plus(lost, gone)
                beyond |= exceeded
        store(r, worst, under, lost, total, top, beyond, lossy, table)


@jitted
def short_exps(x: Array, start: int, lanes: int, e: Array, m: Array, total: Array) -> None:
    """Fill `e` (n, LANES) with exp(x - m), `m` with the maxima and `total` with the sums of `lanes` short rows."""
    # The inner loops go along the lanes: the vectors are of rows, and no sum has to be reassociated.
    m[:lanes] = x[0, start : start + lanes]
    for j in range(1, len(x)):
        given = x[j, start : start + lanes]
        for i in range(lanes):
            m[i] = given[i] if given[i] > m[i] else m[i]
    total[:] = 0.0
    for j in range(len(x)):
        given, ej = x[j, start : start + lanes], e[j]
        for i in range(lanes):
            ej[i] = exp(np.float64(given[i]) - np.float64(m[i]))
            total[i] += ej[i]


@jitted
def short_rows(x: Array, out: Array, bounds: Any, lossy: Any, table: Any) -> None:
    """Rows side by side: `x` and `out` are laid out column by column, shape (n, rows); `LANES` rows at a time."""
    n, count = x.shape
    e, m, inverse = np.empty((n, LANES)), np.empty(LANES, np.float32), np.empty(LANES)
    worst, under, beyond = np.empty(LANES, np.int32), np.empty(LANES, np.int32), np.empty(LANES, np.int32)
    lost, total, top = np.empty(LANES), np.empty(LANES), np.empty(LANES, np.uint32)
    for start in range(0, count, LANES):
        lanes = min(LANES, count - start)
        short_exps(x, start, lanes, e, m, inverse)
        for i in range(lanes):
            inverse[i] = 1.0 / inverse[i]
        worst[:], under[:], beyond[:], lost[:], total[:], top[:] = 0, 0, 0, 0.0, 0.0, 0
        for j in range(n):
            given, answer, ej = x[j, start : start + lanes], out[j, start : start + lanes], e[j]
            for i in range(lanes):
                total[i] += np.float64(answer[i])
                top[i] = max(top[i], np.float32(answer[i]).view(np.uint32))
            for i in range(lanes):
                depth, y = np.float64(m[i]) - np.float64(given[i]), np.float64(answer[i])
                ratio, under_of, gone, exceeded = entry(depth, ej[i] * inverse[i], y, bounds)
                worst[i], under[i] = max(worst[i], ratio), max(under[i], under_of)
                lost[i] += gone
                beyond[i] |= exceeded
        for i in range(lanes):
            store(start + i, worst[i], under[i], lost[i], total[i], top[i], beyond[i], lossy, table)


@jitted
def long_sums(x: Array, m: Array, total: Array) -> None:
    """Fill `m` with the maxima of rows and `total` with the sums of exp(x - m)."""
    e = np.empty(x.shape[1])
    for r in range(x.shape[0]):
        m[r] = peak(x[r])
        total[r] = exps(x[r], np.float64(m[r]), e)


@jitted
def short_sums(x: Array, m: Array, total: Array) -> None:
    """The same of short rows, laid out column by column, shape (n, rows)."""
    e, highest, sums = np.empty((x.shape[0], LANES)), np.empty(LANES, np.float32), np.empty(LANES)
    for start in range(0, x.shape[1], LANES):
        lanes = min(LANES, x.shape[1] - start)
        short_exps(x, start, lanes, e, highest, sums)
        m[start : start + lanes], total[start : start + lanes] = highest[:lanes], sums[:lanes]


@jitted
def log_entry(depth: Any, s: Any, log_total: Any, y: Any, gap: Any, base: Any) -> Any:
    """One component of log_softmax: the bits of error / allowed, what its exp may be off, and its exp."""
    # It may be off by at least 2^-22: no float32 of that is subnormal.
    may = (2.0 * depth + log_total) * gap + base
    error = abs(y + (depth + log_total))  # the exact value is -(depth + log_total)
    bits = np.float32(np.float32(may * RATIO_SHIFT + error) / np.float32(may)).view(np.int32)
    return bits, s * may * (may + 1.0), exp(y)


@jitted
def store_log(r: Any, worst: Any, back: Any, may: Any, plain: Any, table: Any) -> None:
    """Write what a row has shown."""
    none, sums, ratio = table
    none[r] = 0.0 if plain else np.inf
    sums[r] = abs(back - 1.0) / may if plain else np.inf
    ratio[r] = ratio_of(worst) if plain else np.inf


@jitted
def long_log_rows(x: Array, out: Array, bounds: Any, table: Any) -> None:
    """Rows of log_softmax one after the other; `bounds` is (gap, slope, base, bits of the largest finite value).

    A component may be off by (2 depth + log_total) gap + slope log_total + base. `table` is filled with 0 if all
    outputs are finite, in range and not positive; with the error of the sum of their exps over what it may be off; and
    with the largest error / allowed.
    """
    gap, slope, base, most = bounds
    e = np.empty(x.shape[1])
    for r in range(x.shape[0]):
        given, answer = x[r], out[r]
        m = np.float64(peak(given))
        total = exps(given, m, e)
        log_total, inverse = np.log(total), 1.0 / total
        worst, highest, size, back, may = np.int32(0), np.int32(-(2**31)), np.int32(0), 0.0, 0.0
        for j in range(len(given)):
            bits = np.float32(answer[j]).view(np.int32)
            highest, size = max(highest, bits), max(size, np.int32(bits & np.int32(0x7FFFFFFF)))
            depth, y = m - np.float64(given[j]), np.float64(answer[j])
            over_bits, off, turned = log_entry(depth, e[j] * inverse, log_total, y, gap, slope * log_total + base)
            worst = max(worst, over_bits)
            may = plus(may, off)
            back = plus(back, turned)
        store_log(r, worst, back, may, (highest <= 0) & (size < most), table)


@jitted
def short_log_rows(x: Array, out: Array, bounds: Any, table: Any) -> None:
    """The same of short rows, laid out column by column, shape (n, rows)."""
    gap, slope, base, most = bounds
    n, count = x.shape
    e, m, total, log_total = np.empty((n, LANES)), np.empty(LANES, np.float32), np.empty(LANES), np.empty(LANES)
    worst, highest, size = np.empty(LANES, np.int32), np.empty(LANES, np.int32), np.empty(LANES, np.int32)
    back, may = np.empty(LANES), np.empty(LANES)
    for start in range(0, count, LANES):
        lanes = min(LANES, count - start)
        short_exps(x, start, lanes, e, m, total)
        for i in range(lanes):
            log_total[i], total[i] = np.log(total[i]), 1.0 / total[i]
        worst[:], highest[:], size[:], back[:], may[:] = 0, -(2**31), 0, 0.0, 0.0
        for j in range(n):
            given, answer, ej = x[j, start : start + lanes], out[j, start : start + lanes], e[j]
            for i in range(lanes):
                bits = np.float32(answer[i]).view(np.int32)
                highest[i], size[i] = max(highest[i], bits), max(size[i], np.int32(bits & np.int32(0x7FFFFFFF)))
            for i in range(lanes):
                depth, y, log = np.float64(m[i]) - np.float64(given[i]), np.float64(answer[i]), log_total[i]
                over_bits, off, turned = log_entry(depth, ej[i] * total[i], log, y, gap, slope * log + base)
                worst[i] = max(worst[i], over_bits)
                may[i] += off
                back[i] += turned
        for i in range(lanes):
            store_log(start + i, worst[i], back[i], may[i], (highest[i] <= 0) & (size[i] < most), table)
