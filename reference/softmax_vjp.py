"""The vector-Jacobian product of softmax, its methods side by side: s * (g - <g, s>) of one row, s = softmax(x)."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import EVERY, NARROW, subject


# The definition, over a sound softmax.
@subject("softmax_vjp", kind="reference")
def centred_vjp(x: Array, g: Array) -> Array:
    """s * (g - <g, s>) in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    s, w = wide(x.astype(format_)), g.astype(format_)
    return (s * (w - (w * s).sum())).astype(x.dtype)


# The Jacobian diag(s) - s s^T times g, without the matrix.
@subject("softmax_vjp", kind="reference")
def expanded_vjp(x: Array, g: Array) -> Array:
    """s * g - s <s, g> in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    s = wide(x.astype(format_))
    p = s * g.astype(format_)
    return (p - s * p.sum()).astype(x.dtype)


# The definition, over halves that cannot overflow.
@subject("softmax_vjp", kind="reference")
def halved_vjp(x: Array, g: Array) -> Array:
    """2 s * (g / 2 - <g / 2, s>) in float32 at least: finite for every finite g, as the exact value is.

    abs(g_i - g_j) may be twice the largest finite value, and s_j abs(g_j - <g, s>) is at most half of it.
    """
    format_ = np.promote_types(x.dtype, np.float32)
    s, half = wide(x.astype(format_)), g.astype(format_) / 2
    v = s * (half - (half * s).sum())
    return (v + v).astype(x.dtype)


# The definition, in the dtype of its arguments.
@subject(
    "softmax_vjp",
    kind="reference",
    fails=dict.fromkeys(("sum_to_zero", "accuracy"), ("bfloat16",)),
    may=dict.fromkeys(("finite", "sum_to_zero", "annihilates_constants", "linear", "accuracy"), EVERY)
    | {"layout": NARROW, "gradual_underflow": NARROW},
    cause="accumulator stagnation",
)
def narrow_vjp(x: Array, g: Array) -> Array:
    """s * (g - <g, s>), all in the dtype of `x`, whose sums of many terms stagnate or overflow in 16 bits."""
    e = np.exp(x - x.max())
    s = e / e.sum()
    return s * (g - (g * s).sum())
