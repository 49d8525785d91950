"""The logarithm of the sigmoid, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import EVERY, subject


# The definition, transcribed.
@subject(
    "log_sigmoid",
    kind="reference",
    axis=None,
    fails=dict.fromkeys(("finite", "accuracy", "symmetry", "limits"), EVERY),
)
def naive_log_sigmoid(x: Array) -> Array:
    """log(1 / (1 + exp(-x))), all in the dtype of `x`. It is -inf where exp overflows."""
    return np.asarray(np.log(1 / (1 + np.exp(-x))))


# The usual remedy: exp of what is never positive.
@subject("log_sigmoid", kind="reference", axis=None)
def careful_log_sigmoid(x: Array) -> Array:
    """min(x, 0) - log1p(exp(-abs(x))), all in the dtype of `x`."""
    return np.asarray(np.minimum(x, np.zeros_like(x)) - np.log1p(np.exp(-np.abs(x))))


# As a logarithm of a sum of exponentials.
@subject("log_sigmoid", kind="reference", axis=None)
def logaddexp_log_sigmoid(x: Array) -> Array:
    """Minus `np.logaddexp` of 0 and -x, in the dtype of `x`."""
    return np.asarray(-np.logaddexp(np.zeros_like(x), -x))


# A sigmoid first, which is 0 nowhere that is asked, and then its logarithm.
@subject("log_sigmoid", kind="reference", axis=None)
def log_sigmoid_of_sigmoid(x: Array) -> Array:
    """log(1 / (1 + exp(-x))) from 0 on and x - log(1 + exp(x)) below, all in the dtype of `x`."""
    grown = 1 + np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, np.log(1 / grown), x - np.log(grown)))


# The careful form, in float32 at least.
@subject("log_sigmoid", kind="reference", axis=None)
def wide_log_sigmoid(x: Array) -> Array:
    """As `careful_log_sigmoid`, in float32 at least, rounded to the dtype of `x` at the end."""
    return careful_log_sigmoid(x.astype(np.promote_types(x.dtype, np.float32))).astype(x.dtype)
