"""The product of a cotangent with the derivative of silu, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import careful_sigmoid, naive_sigmoid
from extremum.reference.subjects.subject import subject


# Of a sigmoid that is saved, as libraries have it.
@subject("silu_vjp", kind="reference", axis=None)
def naive_silu_vjp(x: Array, g: Array) -> Array:
    """g s (1 + x (1 - s)) with s = 1 / (1 + exp(-x)), all in the dtype of `x`."""
    s = naive_sigmoid(x)
    return np.asarray(g * (s * (1 + x * (1 - s))))


# With both sigmoids.
@subject("silu_vjp", kind="reference", axis=None)
def careful_silu_vjp(x: Array, g: Array) -> Array:
    """g s (1 + x s') with s' = sigmoid(-x), all in the dtype of `x`."""
    return np.asarray(g * (careful_sigmoid(x) * (1 + x * careful_sigmoid(-x))))


# The careful form, in float32 at least.
@subject("silu_vjp", kind="reference", axis=None)
def wide_silu_vjp(x: Array, g: Array) -> Array:
    """As `careful_silu_vjp`, in float32 at least, rounded to the dtype of `x` at the end."""
    wide = np.promote_types(x.dtype, np.float32)
    return careful_silu_vjp(x.astype(wide), g.astype(wide)).astype(x.dtype)
