"""Log-softmax, its methods side by side: log_softmax(x)_i = x_i - log sum_j exp(x_j) along an axis."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE, subject


# The definition, transcribed: the logarithm of a softmax.
@subject(
    "log_softmax",
    kind="reference",
    fails={"saturation": EVERY, "accuracy": WIDE},
    may=dict.fromkeys(("permutation_equivariance", "mask", "axis", "layout", "row_independence"), WIDE)
    | {"accuracy": NARROW},
    cause="underflow to zero",
)
def log_of_softmax(x: Array, axis: int = -1) -> Array:
    """log(softmax(x)), which loses digits where the softmax is subnormal, and is -inf where it underflows.

    In float32 at least, rounded to the dtype of `x` at the end.
    """
    w = x.astype(np.promote_types(x.dtype, np.float32))
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    return np.log(e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


# Log-softmax through the logarithm of its denominator.
@subject(
    "log_softmax",
    kind="reference",
    fails=dict.fromkeys(("exp_sum_to_one", "accuracy", "shift_invariance"), EVERY) | {"saturation": ("float16",)},
    may=dict.fromkeys(("permutation_equivariance", "axis", "mask", "layout", "row_independence"), EVERY),
    cause="cancellation",
)
def log_softmax_through_logsumexp(x: Array, axis: int = -1) -> Array:
    """x_i - y with y = max x + log sum_j exp(x_j - max x): the rounding of y costs abs(y) u."""
    a = x.max(axis=axis, keepdims=True)
    y = a + np.log(np.exp(x - a).sum(axis=axis, keepdims=True))
    return x - y


# The textbook remedy: subtract the maximum first.
@subject(
    "log_softmax",
    kind="reference",
    fails={"accuracy": NARROW, "exp_sum_to_one": ("bfloat16",), "saturation": ("float16",)},
    may=dict.fromkeys(("permutation_equivariance", "mask", "axis", "layout", "row_independence"), NARROW)
    | {"exp_sum_to_one": ("float16",)},
    cause="accumulator stagnation",
)
def shifted_log_softmax(x: Array, axis: int = -1) -> Array:
    """(x_i - max x) - log sum_j exp(x_j - max x), all in the dtype of `x`, whose sum may stagnate or overflow."""
    d = x - x.max(axis=axis, keepdims=True)
    return d - np.log(np.exp(d).sum(axis=axis, keepdims=True))


# Shifted, with the arithmetic of 16-bit formats done in float32.
@subject("log_softmax", kind="reference")
def wide_log_softmax(x: Array, axis: int = -1) -> Array:
    """(x_i - max x) - log sum_j exp(x_j - max x) in float32 at least, rounded to the dtype of `x` at the end."""
    w = x.astype(np.promote_types(x.dtype, np.float32))
    d = w - w.max(axis=axis, keepdims=True)
    return (d - np.log(np.exp(d).sum(axis=axis, keepdims=True))).astype(x.dtype)
