"""softplus, log(1 + exp(x)), its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import EVERY, subject

THRESHOLD = 20  # as in torch.nn.Softplus


# The definition, transcribed.
@subject(
    "softplus",
    kind="reference",
    axis=None,
    fails=dict.fromkeys(("finite", "accuracy", "symmetry", "limits"), EVERY),
)
def naive_softplus(x: Array) -> Array:
    """log(1 + exp(x)), all in the dtype of `x`. It is infinite where exp overflows."""
    return np.asarray(np.log(1 + np.exp(x)))


# The usual remedy: exp of what is never positive.
@subject("softplus", kind="reference", axis=None)
def careful_softplus(x: Array) -> Array:
    """max(x, 0) + log1p(exp(-abs(x))), all in the dtype of `x`."""
    return np.asarray(np.maximum(x, np.zeros_like(x)) + np.log1p(np.exp(-np.abs(x))))


# As a logarithm of a sum of exponentials.
@subject("softplus", kind="reference", axis=None)
def logaddexp_softplus(x: Array) -> Array:
    """`np.logaddexp` of 0 and x, in the dtype of `x`."""
    return np.asarray(np.logaddexp(np.zeros_like(x), x))


# What overflow does not reach, and x beyond.
@subject("softplus", kind="reference", axis=None, fails=dict.fromkeys(("threshold", "symmetry"), ("float64",)))
def threshold_softplus(x: Array) -> Array:
    """log1p(exp(x)) up to 20 (to 10 in 16 bits: exp overflows at 11 in float16), and x beyond, in the dtype of `x`."""
    limit = THRESHOLD // 2 if x.dtype.itemsize == 2 else THRESHOLD
    return np.asarray(np.where(x > limit, x, np.log1p(np.exp(np.minimum(x, x.dtype.type(limit))))))


# The careful form, in float32 at least.
@subject("softplus", kind="reference", axis=None)
def wide_softplus(x: Array) -> Array:
    """As `careful_softplus`, in float32 at least, rounded to the dtype of `x` at the end."""
    return careful_softplus(x.astype(np.promote_types(x.dtype, np.float32))).astype(x.dtype)
