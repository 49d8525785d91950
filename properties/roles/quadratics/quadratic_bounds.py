"""The error bounds of the pieces of a quadratic function's gradient.

An inner product of k terms is off by at most g(k) = t / (1 - t) times the sum of the magnitudes of its terms, with
t = k u in float64 and float32, in any order, and t = (ceil(log2 k) + 1) u in 16 bits, which pairwise and wide
accumulation meet (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.1 and 4.2; without the
quotient in Jeannerod and Rump, SIAM J. Matrix Anal. Appl. 34 (2013)). `compounded` joins errors that follow each
other. All magnitudes are exact sums of absolute values, in the arithmetic of the view.

Each product may underflow by half the smallest subnormal, eta; a processor that flushes to zero loses up to the
smallest normal in each product and each sum. What underflow adds is therefore a number of roundings, times eta or,
where a flush is let pass, times four smallest normals.
"""

from __future__ import annotations

import numpy as np

from extremum.properties.model.rounding import additions
from extremum.properties.model.view import View
from extremum.reference.arithmetic.formats import Array, Format

SCALINGS = 4  # roundings besides those of the sums, of factors that scale and are taken out again
EXCUSED = 4  # how far below the largest finite value everything has to stay, lest a doubled term overflows
GENEROUS = 1 + 2.0**-40  # for the rounding of a bound's own factors


def inner(fmt: Format, k: int) -> float:
    """g(k): the error of an inner product of k terms, relative to the sum of their magnitudes."""
    t = (additions(fmt, k) + 1) * fmt.unit_roundoff
    return t / (1 - t) * GENEROUS


def compounded(*errors: float) -> float:
    """The relative error of factors with these errors: the product of all 1 + t, less 1."""
    total = 0.0
    for t in errors:
        total += t + total * t
    return total * GENEROUS


def scaling(fmt: Format) -> float:
    """The relative error of the roundings that are none of a sum's."""
    return SCALINGS * fmt.unit_roundoff


def largest(a: Array) -> Array:
    """The largest magnitude in each row of `a` (rows, ...), as float64, shape (rows,); no copy of `a` is made."""
    flat = a.reshape(len(a), -1)
    return np.maximum(flat.max(axis=1).astype(np.float64), -flat.min(axis=1).astype(np.float64))


def gradual(view: View) -> float:
    """What one underflow costs at most: the smallest subnormal, though a rounding is half of it."""
    return view.fmt.eta


def flush_cost(view: View) -> float:
    """What one underflow costs at most where it is flushed to zero."""
    return 4 * view.fmt.tiny
