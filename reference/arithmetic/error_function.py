"""erf and erfc of arrays: NumPy has neither, so they are the C library's, rounded to the dtype of the argument."""

from __future__ import annotations

import math

import numpy as np

from extremum.reference.arithmetic.formats import Array

_ERF, _ERFC = np.frompyfunc(math.erf, 1, 1), np.frompyfunc(math.erfc, 1, 1)


def erf(x: Array) -> Array:
    """The error function of `x`, computed in float64, in the dtype of `x`; NaN for NaN, 1 or -1 for infinities."""
    return np.asarray(_ERF(x.astype(np.float64)), np.float64).astype(x.dtype)


def erfc(x: Array) -> Array:
    """1 - erf(x) with all its digits, as `erf`; 0 or 2 for infinities."""
    return np.asarray(_ERFC(x.astype(np.float64)), np.float64).astype(x.dtype)
