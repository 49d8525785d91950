"""The hyperbolic tangent, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import careful_sigmoid
from extremum.reference.subjects.subject import EVERY, subject


# The definition, transcribed.
@subject(
    "tanh",
    kind="reference",
    axis=None,
    fails=dict.fromkeys(("finite", "accuracy", "limits"), EVERY),
)
def naive_tanh(x: Array) -> Array:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), all in the dtype of `x`. It is NaN where exp overflows."""
    grown, shrunk = np.exp(x), np.exp(-x)
    return np.asarray((grown - shrunk) / (grown + shrunk))


# The usual remedy: expm1 of what is never positive.
@subject("tanh", kind="reference", axis=None)
def careful_tanh(x: Array) -> Array:
    """-e / (2 + e) with e = expm1(-2 abs(x)) and the sign of x, all in the dtype of `x`."""
    e = np.expm1(-2 * np.abs(x))
    return np.asarray(np.copysign(-e / (2 + e), x))


# NumPy's own.
@subject("tanh", kind="reference", axis=None)
def library_tanh(x: Array) -> Array:
    """`np.tanh`, in the dtype of `x`."""
    return np.asarray(np.tanh(x))


# As a multiple of the sigmoid: one exponential, and no digit near 0.
@subject("tanh", kind="reference", axis=None)
def sigmoid_tanh(x: Array) -> Array:
    """2 sigmoid(2 x) - 1, all in the dtype of `x`."""
    return np.asarray(2 * careful_sigmoid(2 * x) - 1)


# The careful form, in float32 at least.
@subject("tanh", kind="reference", axis=None)
def wide_tanh(x: Array) -> Array:
    """As `careful_tanh`, in float32 at least, rounded to the dtype of `x` at the end."""
    return careful_tanh(x.astype(np.promote_types(x.dtype, np.float32))).astype(x.dtype)
