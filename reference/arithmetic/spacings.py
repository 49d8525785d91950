"""The distance between neighbouring floats of a format at a number: by the bits of float64, and of a ball."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np

from extremum.reference.arithmetic.formats import Array, Format

EXPONENT = np.int64(0x7FF0000000000000)  # of a float64, as bits


def spacing(fmt: Format, size: Array | float) -> Array:
    """The distance of the floats at numbers of any size, never of a subnormal or of one beyond the largest."""
    clipped = np.atleast_1d(np.clip(size, fmt.tiny, fmt.max))
    return power(clipped) * 2.0 ** (1 - fmt.precision)


def power(numbers: Array) -> Array:
    """The largest power of two that is no larger than each number in size."""
    return (numbers.view(np.int64) & EXPONENT).view(np.float64)


def spacing_of_ball(fmt: Format, size: Any) -> Any:
    """As `spacing`, of a ball of a number that is not negative: a ball of the distances at its two ends."""
    low, high = (flint.arb(_at_end(fmt, end)) for end in (size.abs_lower(), size.abs_upper()))
    return low if low == high else low.union(high)


def _at_end(fmt: Format, end: Any) -> float:
    """The distance at an exact number; one just below a power of two rounds to that as a float64."""
    near = float(end.mid())
    return float(spacing(fmt, np.nextafter(near, 0.0) if end < near else near)[0])
