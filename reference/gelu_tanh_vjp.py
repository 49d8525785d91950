"""The product of a cotangent with the derivative of gelu by tanh, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.gelu_tanh import CUBED, ROOT, argument
from extremum.reference.sigmoid import careful_sigmoid
from extremum.reference.subjects.subject import EVERY, subject

END = 30  # beyond it the derivative is 0 or 1 to the last bit in every format


def slope(x: Array) -> Array:
    """The derivative of the argument of the tanh, in the dtype of `x`: infinite where the square is."""
    root, cubed = x.dtype.type(ROOT), x.dtype.type(3 * CUBED)
    return np.asarray(root * (1 + cubed * (x * x)))


def limited(x: Array) -> Array:
    """x, limited to -30 .. 30, in its dtype."""
    end = x.dtype.type(END)
    return np.asarray(np.maximum(np.minimum(x, end), -end))


# The rule of the product, transcribed.
@subject(
    "gelu_tanh_vjp",
    kind="reference",
    axis=None,
    fails=dict.fromkeys(("finite", "accuracy", "symmetry", "limits"), EVERY),
)
def naive_gelu_tanh_vjp(x: Array, g: Array) -> Array:
    """g ((1 + t) / 2 + x p' (1 - t**2) / 2) with t = tanh(p), all in the dtype of `x`: NaN where x**2 overflows."""
    half, t = x.dtype.type(0.5), np.tanh(argument(x))
    return np.asarray(g * (half * (1 + t) + half * x * ((1 - t * t) * slope(x))))


# The same with x limited.
@subject("gelu_tanh_vjp", kind="reference", axis=None)
def clipped_gelu_tanh_vjp(x: Array, g: Array) -> Array:
    """As `naive_gelu_tanh_vjp`, of x limited to -30 .. 30."""
    return np.asarray(naive_gelu_tanh_vjp(limited(x), g))


# With both sigmoids.
@subject("gelu_tanh_vjp", kind="reference", axis=None)
def careful_gelu_tanh_vjp(x: Array, g: Array) -> Array:
    """g S (1 + x t' S') with S = sigmoid(2 p) and x limited to -30 .. 30, all in the dtype of `x`."""
    v = limited(x)
    t = 2 * argument(v)
    return np.asarray(g * (careful_sigmoid(t) * (1 + v * (2 * slope(v)) * careful_sigmoid(-t))))


# The careful form, in float32 at least.
@subject("gelu_tanh_vjp", kind="reference", axis=None)
def wide_gelu_tanh_vjp(x: Array, g: Array) -> Array:
    """As `careful_gelu_tanh_vjp`, in float32 at least, rounded to the dtype of `x` at the end."""
    wide = np.promote_types(x.dtype, np.float32)
    return careful_gelu_tanh_vjp(x.astype(wide), g.astype(wide)).astype(x.dtype)
