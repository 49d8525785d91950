"""The product of a cotangent with the derivative of the sigmoid, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import naive_sigmoid
from extremum.reference.subjects.subject import subject


# Of the output, as libraries save it.
@subject("sigmoid_vjp", kind="reference", axis=None)
def naive_sigmoid_vjp(x: Array, g: Array) -> Array:
    """g s (1 - s) with s = 1 / (1 + exp(-x)), all in the dtype of `x`. It has no digits where s is near 1."""
    s = naive_sigmoid(x)
    return np.asarray(g * (s * (1 - s)))


# With exp of what is never positive.
@subject("sigmoid_vjp", kind="reference", axis=None)
def careful_sigmoid_vjp(x: Array, g: Array) -> Array:
    """g e / (1 + e)**2 with e = exp(-abs(x)), all in the dtype of `x`."""
    e = np.exp(-np.abs(x))
    grown = 1 + e
    return np.asarray(g * (e / (grown * grown)))


# The careful form, in float32 at least.
@subject("sigmoid_vjp", kind="reference", axis=None)
def wide_sigmoid_vjp(x: Array, g: Array) -> Array:
    """As `careful_sigmoid_vjp`, in float32 at least, rounded to the dtype of `x` at the end."""
    wide = np.promote_types(x.dtype, np.float32)
    return careful_sigmoid_vjp(x.astype(wide), g.astype(wide)).astype(x.dtype)
