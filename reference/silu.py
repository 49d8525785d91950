"""silu, x sigmoid(x), its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import careful_sigmoid, logarithmic_sigmoid, tanh_sigmoid
from extremum.reference.subjects.subject import subject


# The definition, transcribed.
@subject("silu", kind="reference", axis=None)
def naive_silu(x: Array) -> Array:
    """x / (1 + exp(-x)), all in the dtype of `x`. It is 0 where exp(-x) overflows, and sound elsewhere."""
    return np.asarray(x / (1 + np.exp(-x)))


# The usual remedy: a sigmoid that takes exp of what is never positive.
@subject("silu", kind="reference", axis=None)
def careful_silu(x: Array) -> Array:
    """x times `careful_sigmoid`, all in the dtype of `x`."""
    return np.asarray(x * careful_sigmoid(x))


# As a multiple of tanh: one call, and no digit of the tail.
@subject("silu", kind="reference", axis=None)
def tanh_silu(x: Array) -> Array:
    """x (1 + tanh(x / 2)) / 2, all in the dtype of `x`."""
    return np.asarray(x * tanh_sigmoid(x))


# Through the logarithm of the sigmoid.
@subject("silu", kind="reference", axis=None)
def logarithmic_silu(x: Array) -> Array:
    """x exp(log sigmoid(x)), all in the dtype of `x`; the exponent is rounded."""
    return np.asarray(x * logarithmic_sigmoid(x))


# The careful form, in float32 at least.
@subject("silu", kind="reference", axis=None)
def wide_silu(x: Array) -> Array:
    """As `careful_silu`, in float32 at least, rounded to the dtype of `x` at the end."""
    return careful_silu(x.astype(np.promote_types(x.dtype, np.float32))).astype(x.dtype)
