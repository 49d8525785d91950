"""The logistic sigmoid, its forms side by side: 1 / (1 + exp(-x)), entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject


# The definition, transcribed.
@subject("sigmoid", kind="reference", axis=None)
def naive_sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), all in the dtype of `x`. It is 0 where exp(-x) overflows, and sound elsewhere."""
    return np.asarray(1 / (1 + np.exp(-x)))


# The usual remedy: exp of what is never positive.
@subject("sigmoid", kind="reference", axis=None)
def careful_sigmoid(x: Array) -> Array:
    """1 / (1 + e) from 0 on and e / (1 + e) below, with e = exp(-abs(x)), all in the dtype of `x`."""
    e = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, np.ones_like(e), e) / (1 + e))


# As a multiple of tanh: one call, and no digit of the tail.
@subject("sigmoid", kind="reference", axis=None)
def tanh_sigmoid(x: Array) -> Array:
    """(1 + tanh(x / 2)) / 2, all in the dtype of `x`."""
    half = x.dtype.type(0.5)
    return np.asarray((1 + np.tanh(x * half)) * half)


# Through its logarithm.
@subject("sigmoid", kind="reference", axis=None)
def logarithmic_sigmoid(x: Array) -> Array:
    """exp(-log(1 + exp(-x))) by logaddexp, all in the dtype of `x`; the exponent is rounded."""
    return np.asarray(np.exp(-np.logaddexp(np.zeros_like(x), -x)))


# The careful form, in float32 at least.
@subject("sigmoid", kind="reference", axis=None)
def wide_sigmoid(x: Array) -> Array:
    """As `careful_sigmoid`, in float32 at least, rounded to the dtype of `x` at the end."""
    return careful_sigmoid(x.astype(np.promote_types(x.dtype, np.float32))).astype(x.dtype)
