"""Where every start of a 16-bit format ends: gradient descent as a map of its 65,536 bit patterns into themselves.

A step depends on x alone, so every orbit ends in a cycle, or at an infinity or NaN. The map is composed with itself
until it has made 2^17 steps, more than there are patterns: then every start is on its cycle. All starts are followed,
so the result is proved.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np

from extremum.properties.descent.following import LEAVES, Fate, at_rest, rounded, slope
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.descent.correct_rounding import OutOfRange, Rounding, of_format
from extremum.reference.descent.exact import Exact
from extremum.reference.descent.smooth import BALLS, Smooth

PATTERNS = 2**16
COUNTED_WITHIN = 20.0  # abs(x_0) of the starts that are counted and drawn
SLOPE_BITS = 80  # of the first balls of the slopes; where their ends round apart, `Rounding.enclosed` takes more
DOUBLINGS = 17  # of the number of steps: 2^17 is more than there are patterns


@dataclass(frozen=True)
class Ends:
    """The finite starts of a format in ascending order, and how each ends: `starts` and `ends` are float64.

    `ends` has one number of the cycle that the start ends in, the same for all starts that end there. `fates` are those
    that occur, and `fate` (int64) is the index of each start's own.
    """

    fmt: Format
    starts: Array
    ends: Array
    fates: tuple[Fate, ...]
    fate: Array

    def counts(self, within: float = np.inf) -> Counter[Fate]:
        """How many starts with abs(x_0) <= `within` have each fate."""
        chosen = self.fate[np.abs(self.starts) <= within]
        return Counter({self.fates[i]: int(n) for i, n in enumerate(np.bincount(chosen)) if n})


def ends(function: Smooth, step: Exact, fmt: Format) -> Ends:
    """Follow every start of a 16-bit format to its end; the arithmetic is that of `properties.descent.following`."""
    x = every(fmt)
    follows = successors(function, step, fmt)
    last = follows
    for _ in range(DOUBLINGS):
        last = last[last]
    cycles: dict[int, tuple[int, Fate]] = {}  # the least pattern of the cycle through a pattern, and the cycle's fate
    for pattern in np.unique(last).tolist():
        if pattern not in cycles:
            cycle = _cycle(pattern, follows)
            known = (min(cycle), _fate(function, float(x[pattern]), len(cycle), of_format(fmt)))
            cycles.update(dict.fromkeys(cycle, known))
    finite = np.flatnonzero(np.isfinite(x))
    order = finite[np.argsort(x[finite], kind="stable")]
    reached = [cycles[pattern] for pattern in last[order].tolist()]
    fates = tuple(dict.fromkeys(fate for _, fate in reached))
    index = {fate: i for i, fate in enumerate(fates)}
    return Ends(fmt, x[order], x[[p for p, _ in reached]], fates, np.array([index[fate] for _, fate in reached]))


def successors(function: Smooth, step: Exact, fmt: Format) -> Array:
    """The bit pattern (int64) that each of the 65,536 goes to in a step; infinities and NaN stay where they are.

    Rounding is correct, for two reasons. The product of two floats of a 16-bit format is exact in float64; for bfloat16
    it is exact in float32 too, through which the conversion goes. The difference of two floats is exact there unless
    one is below a quarter of the other's last bit, and then it rounds to the other.
    """
    rounding = of_format(fmt)
    x = every(fmt)
    eps = float(exact_float(rounded(step, rounding)))
    with np.errstate(all="ignore"):
        product = (eps * slopes(function, x, fmt)).astype(fmt.dtype)
        moved = (x - product.astype(np.float64)).astype(fmt.dtype)
    return np.where(np.isfinite(x), moved.view(np.uint16).astype(np.int64), np.arange(PATTERNS))


def every(fmt: Format) -> Array:
    """The values of all bit patterns, in their order, as float64."""
    with np.errstate(all="ignore"):
        return np.arange(PATTERNS, dtype=np.uint16).view(fmt.dtype).astype(np.float64)


def slopes(function: Smooth, x: Array, fmt: Format) -> Array:
    """f' of each float of the format, correctly rounded to it, as float64; NaN where it is not finite.

    Balls of f' give a float32 below and one above; where both round to the same float, that is the nearest. They are
    float32 because a conversion of float64 to bfloat16 rounds twice, to float32 and then to bfloat16.
    """
    rounding = of_format(fmt)
    with flint.ctx.workprec(SLOPE_BITS):
        balls = [function.slope(flint.arb(v), BALLS) for v in x[np.isfinite(x)].tolist()]
    middle = np.array([float(b.mid()) for b in balls], np.float32)  # the radius is far below a float32's spacing
    low, high = (np.nextafter(middle, np.float32(end)).astype(fmt.dtype) for end in (-np.inf, np.inf))
    result = np.full(x.shape, np.nan)
    result[np.isfinite(x)] = low.astype(np.float64)
    for i in np.flatnonzero(np.isfinite(x))[(low != high) | (low == 0) | ~np.isfinite(low)]:
        result[i] = _slope_alone(function, float(x[i]), rounding)
    return result


def exact_float(r: object) -> Fraction:
    """A `flint.fmpq` as a `Fraction`."""
    return Fraction(int(r.p), int(r.q))  # type: ignore[attr-defined]


def _slope_alone(function: Smooth, x: float, rounding: Rounding) -> float:
    try:
        return float(exact_float(slope(function, flint.fmpq(*x.as_integer_ratio()), rounding)))
    except OutOfRange:
        return np.inf if function.slope(flint.arb(x), BALLS) > 0 else -np.inf


def _cycle(pattern: int, follows: Array) -> list[int]:
    cycle = [pattern]
    while (after := int(follows[cycle[-1]])) != pattern:
        cycle.append(after)
    return cycle


def _fate(function: Smooth, x: float, period: int, rounding: Rounding) -> Fate:
    if not np.isfinite(x):
        return LEAVES
    return Fate("cycle", period) if period > 1 else at_rest(function, flint.fmpq(*x.as_integer_ratio()), rounding)
