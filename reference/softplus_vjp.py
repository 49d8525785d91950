"""The product of a cotangent with the derivative of softplus, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import careful_sigmoid, naive_sigmoid
from extremum.reference.subjects.subject import subject


# The definition, transcribed.
@subject("softplus_vjp", kind="reference", axis=None)
def naive_softplus_vjp(x: Array, g: Array) -> Array:
    """g times 1 / (1 + exp(-x)), all in the dtype of `x`. It is 0 where exp overflows, and sound elsewhere."""
    return np.asarray(g * naive_sigmoid(x))


# With exp of what is never positive.
@subject("softplus_vjp", kind="reference", axis=None)
def careful_softplus_vjp(x: Array, g: Array) -> Array:
    """g times `careful_sigmoid` of x, all in the dtype of `x`."""
    return np.asarray(g * careful_sigmoid(x))


# Of the other sigmoid, as where that is saved.
@subject("softplus_vjp", kind="reference", axis=None)
def saved_softplus_vjp(x: Array, g: Array) -> Array:
    """g (1 - sigmoid(-x)), all in the dtype of `x`. It has no digits where that is near 1."""
    return np.asarray(g * (1 - careful_sigmoid(-x)))


# The careful form, in float32 at least.
@subject("softplus_vjp", kind="reference", axis=None)
def wide_softplus_vjp(x: Array, g: Array) -> Array:
    """As `careful_softplus_vjp`, in float32 at least, rounded to the dtype of `x` at the end."""
    wide = np.promote_types(x.dtype, np.float32)
    return careful_softplus_vjp(x.astype(wide), g.astype(wide)).astype(x.dtype)
