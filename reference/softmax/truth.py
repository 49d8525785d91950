"""The exact softmax, as a formula that any arithmetic evaluates."""

from __future__ import annotations

from typing import Any

from extremum.reference.formats import Array
from extremum.reference.wide import Arithmetic, row_max


def softmax(x: Array, arithmetic: Arithmetic) -> tuple[Any, Any]:
    """Return (s, depth) of rows `x`: s = exp(depth) / sum exp(depth), depth = x - max x <= 0.

    `x` has shape (rows, n) and finite entries; both results have its shape, in values of `arithmetic`.
    The shift is exact mathematics and costs nothing: depth is rounded in the wider arithmetic alone.
    In `FLOAT64` and `EXTENDED` the relative error of s is at most
    (depth_max + log2(n) + 2 depth_rms + 6) units of that arithmetic, by the bound of
    `properties.softmax.bounds` with its own unit roundoff: below 2**-42 for rows that do not underflow.
    """
    depth = arithmetic.lift(x)
    depth -= arithmetic.lift(row_max(x))
    s = arithmetic.exp(depth)
    s /= arithmetic.total(s)
    return s, depth
