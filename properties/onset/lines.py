"""Lines of inputs: families of rows with one free number, and the values of it that are tried first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from extremum.properties.inputs.regimes import log_eta, log_max, log_tiny
from extremum.reference.arithmetic.formats import Array, Format

# Rows of (entries of an answer up to which it applies, points of the grid in an octave near the edges of exp, octaves
# between two points elsewhere). A divisor of 8 is needed in the second place.
GRID_DENSITIES = ((2**10, 8, 16), (2**13, 4, 64), (2**64, 1, 256))


@dataclass(frozen=True)
class Line:
    """A line of inputs: `fill(values, n)` gives a row for each of the values v >= 0, shape (values, n)."""

    name: str
    description: str
    fill: Callable[[Array, int], Array]
    shortest: int = 1


def all_equal(v: Array, n: int) -> Array:
    """Every entry is v."""
    return np.repeat(v[:, None], n, axis=1)


def one_among_zeros(v: Array, n: int) -> Array:
    """The last entry is v, the others are 0."""
    return np.where(np.arange(n) == n - 1, v[:, None], np.zeros((), v.dtype))


def gap(v: Array, n: int) -> Array:
    """The last entry is 0, the others are -v."""
    return np.where(np.arange(n) == n - 1, np.zeros((), v.dtype), _below(v)[:, None])


def _below(v: Array) -> Array:
    return np.where(v == 0, v, -v)


LINES = (
    Line("all-equal", "all entries are v", all_equal),
    Line("one-among-zeros", "one entry is v, the others are 0", one_among_zeros),
    Line("gap", "one entry is 0, the others are -v", gap, shortest=2),
    Line("all-equal-negative", "all entries are -v", lambda v, n: all_equal(_below(v), n)),
    Line("one-among-zeros-negative", "one entry is -v, the others are 0", lambda v, n: one_among_zeros(_below(v), n)),
)


def grid(fmt: Format, n: int, width: int) -> list[int]:
    """The ordinals of the values that are tried first, ascending, for rows of n and answers of `width` entries.

    They are 0, the smallest subnormal, the smallest normal, the largest value and `edges`; several in each octave from
    1/4 to eight times where exp underflows; one every few octaves from 1/4 down to the unit roundoff, below which no
    exp differs from 1; and fewer from end to end of the number line.
    """
    fine, coarse = next((fine, coarse) for limit, fine, coarse in GRID_DENSITIES if width <= limit)
    low, high = -2, int(np.ceil(np.log2(-8 * log_eta(fmt))))
    lowest, highest = (int(np.floor(np.log2(value))) for value in (fmt.eta, fmt.max))
    octaves = [*range(lowest, low, coarse), *range(-fmt.precision, low, 8 // fine), *range(high, highest + 1, coarse)]
    octaves += [k / fine for k in range(low * fine, high * fine)]
    return ordinals(fmt, [0.0, fmt.eta, fmt.tiny, fmt.max, *(2.0**k for k in octaves), *edges(fmt, n)])


def edges(fmt: Format, n: int) -> list[float]:
    """Where a row of n is likely to fail: where exp, or the sum of n exps, leaves the range, and half of each.

    exp leaves it at log max, and at the negatives of the logarithms of the smallest normal, of the smallest subnormal
    and of half of that, with three places between the first two of these. The sum leaves it log n earlier.
    """
    zone = [-log_tiny(fmt) + (log_tiny(fmt) - log_eta(fmt)) * k / 4 for k in range(5)]
    ends = (log_max(fmt), *zone, float(np.log(2.0)) - log_eta(fmt))
    whole = [end - less for end in ends for less in (0.0, float(np.log(n)))]
    return [*whole, *(edge / 2 for edge in whole)]


def ordinals(fmt: Format, values: Sequence[float], beside: Sequence[int] = (0,)) -> list[int]:
    """The ordinals of these values, rounded, and of those so many floats beside them, ascending; none is negative."""
    places = fmt.ordinal(fmt.round(values))[:, None] + np.array([sign * k for k in beside for sign in (-1, 1)])
    return sorted({int(k) for k in places.ravel() if 0 <= k <= fmt.largest_ordinal})
