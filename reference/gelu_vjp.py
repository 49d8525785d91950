"""The product of a cotangent with the derivative of gelu, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.error_function import erf, erfc
from extremum.reference.arithmetic.formats import Array
from extremum.reference.gelu import ROOT
from extremum.reference.subjects.subject import subject

PEAK = 0.3989422804014327  # 1 / sqrt(2 pi)


def density(x: Array) -> Array:
    """exp(-x**2 / 2) / sqrt(2 pi), in the dtype of `x`; the square is rounded, and may be infinite."""
    return np.asarray(x.dtype.type(PEAK) * np.exp(x * x * x.dtype.type(-0.5)))


# The usual formula: Phi has no digits in the tail.
@subject("gelu_vjp", kind="reference", axis=None)
def naive_gelu_vjp(x: Array, g: Array) -> Array:
    """g ((1 + erf(x / sqrt(2))) / 2 + x phi(x)), all in the dtype of `x`."""
    half, root = x.dtype.type(0.5), x.dtype.type(ROOT)
    return np.asarray(g * (half * (1 + erf(x * root)) + x * density(x)))


# With all digits of Phi.
@subject("gelu_vjp", kind="reference", axis=None)
def careful_gelu_vjp(x: Array, g: Array) -> Array:
    """g (erfc(-x / sqrt(2)) / 2 + x phi(x)), all in the dtype of `x`; arguments are rounded."""
    half, root = x.dtype.type(0.5), x.dtype.type(ROOT)
    return np.asarray(g * (half * erfc(-x * root) + x * density(x)))


# The careful form, in float32 at least.
@subject("gelu_vjp", kind="reference", axis=None)
def wide_gelu_vjp(x: Array, g: Array) -> Array:
    """As `careful_gelu_vjp`, in float32 at least, rounded to the dtype of `x` at the end."""
    wide = np.promote_types(x.dtype, np.float32)
    return careful_gelu_vjp(x.astype(wide), g.astype(wide)).astype(x.dtype)
