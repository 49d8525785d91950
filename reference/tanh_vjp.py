"""The product of a cotangent with the derivative of tanh, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject


# Of the output, as libraries save it.
@subject("tanh_vjp", kind="reference", axis=None)
def naive_tanh_vjp(x: Array, g: Array) -> Array:
    """g (1 - tanh(x)**2), all in the dtype of `x`. It has no digits where tanh is near 1."""
    t = np.tanh(x)
    return np.asarray(g * (1 - t * t))


# With exp of what is never positive.
@subject("tanh_vjp", kind="reference", axis=None)
def careful_tanh_vjp(x: Array, g: Array) -> Array:
    """4 g e / (1 + e)**2 with e = exp(-2 abs(x)), all in the dtype of `x`."""
    e = np.exp(-2 * np.abs(x))
    grown = 1 + e
    return np.asarray(g * (4 * e / (grown * grown)))


# By the hyperbolic cosine, which overflows where the derivative is next to nothing.
@subject("tanh_vjp", kind="reference", axis=None)
def cosh_tanh_vjp(x: Array, g: Array) -> Array:
    """g / cosh(x)**2, all in the dtype of `x`. It is 0 where cosh(x)**2 overflows."""
    c = np.cosh(x)
    return np.asarray(g * (1 / (c * c)))


# The careful form, in float32 at least.
@subject("tanh_vjp", kind="reference", axis=None)
def wide_tanh_vjp(x: Array, g: Array) -> Array:
    """As `careful_tanh_vjp`, in float32 at least, rounded to the dtype of `x` at the end."""
    wide = np.promote_types(x.dtype, np.float32)
    return careful_tanh_vjp(x.astype(wide), g.astype(wide)).astype(x.dtype)
