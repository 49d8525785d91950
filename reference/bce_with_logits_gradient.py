"""The derivative of the binary cross-entropy of logits, sigmoid(x) - y, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import careful_sigmoid, naive_sigmoid
from extremum.reference.subjects.subject import subject


# The definition, transcribed.
@subject("bce_with_logits_gradient", kind="reference", axis=None)
def naive_bce_with_logits_gradient(x: Array, y: Array) -> Array:
    """1 / (1 + exp(-x)) - y, all in the dtype of `x`. It has no digits where both are near 1."""
    return np.asarray(naive_sigmoid(x) - y)


# From the side that has the digits.
@subject("bce_with_logits_gradient", kind="reference", axis=None)
def careful_bce_with_logits_gradient(x: Array, y: Array) -> Array:
    """sigmoid(x) - y, or (1 - y) - sigmoid(-x) where y is 1/2 or more, all in the dtype of `x`."""
    upper = y >= y.dtype.type(0.5)
    return np.asarray(np.where(upper, (1 - y) - careful_sigmoid(-x), careful_sigmoid(x) - y))


# The careful form, in float32 at least.
@subject("bce_with_logits_gradient", kind="reference", axis=None)
def wide_bce_with_logits_gradient(x: Array, y: Array) -> Array:
    """As `careful_bce_with_logits_gradient`, in float32 at least, rounded to the dtype of `x` at the end."""
    wide = np.promote_types(x.dtype, np.float32)
    return careful_bce_with_logits_gradient(x.astype(wide), y.astype(wide)).astype(x.dtype)
