"""The binary cross-entropy of logits, softplus(x) - x y, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import careful_sigmoid
from extremum.reference.softplus import careful_softplus
from extremum.reference.subjects.subject import EVERY, subject


# The definition, transcribed.
@subject(
    "bce_with_logits",
    kind="reference",
    axis=None,
    fails=dict.fromkeys(("finite", "accuracy", "symmetry", "limits"), EVERY),
)
def naive_bce_with_logits(x: Array, y: Array) -> Array:
    """-y log(s) - (1 - y) log(1 - s) with s = sigmoid(x), all in the dtype of `x`: infinite, or 0 times infinity."""
    s = careful_sigmoid(x)
    return np.asarray(-y * np.log(s) - (1 - y) * np.log(1 - s))


# The usual remedy, as libraries have it: a product is rounded.
@subject("bce_with_logits", kind="reference", axis=None)
def usual_bce_with_logits(x: Array, y: Array) -> Array:
    """max(x, 0) - x y + log1p(exp(-abs(x))), all in the dtype of `x`."""
    return np.asarray((np.maximum(x, np.zeros_like(x)) - x * y) + np.log1p(np.exp(-np.abs(x))))


# A sum of what is not negative.
@subject("bce_with_logits", kind="reference", axis=None)
def careful_bce_with_logits(x: Array, y: Array) -> Array:
    """(1 - y) softplus(x) + y softplus(-x), all in the dtype of `x`."""
    return np.asarray((1 - y) * careful_softplus(x) + y * careful_softplus(-x))


# As a difference, which has no digits where x is sure of its label.
@subject("bce_with_logits", kind="reference", axis=None)
def difference_bce_with_logits(x: Array, y: Array) -> Array:
    """softplus(x) - x y, all in the dtype of `x`."""
    return np.asarray(careful_softplus(x) - x * y)


# The careful form, in float32 at least.
@subject("bce_with_logits", kind="reference", axis=None)
def wide_bce_with_logits(x: Array, y: Array) -> Array:
    """As `careful_bce_with_logits`, in float32 at least, rounded to the dtype of `x` at the end."""
    wide = np.promote_types(x.dtype, np.float32)
    return careful_bce_with_logits(x.astype(wide), y.astype(wide)).astype(x.dtype)
