"""The textbook remedy: subtract the maximum first, and add it back."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import NARROW, subject


@subject(
    "logsumexp",
    kind="reference",
    fails={"accuracy": NARROW, "finite": ("float16",)},
    may=dict.fromkeys(("shift_equivariance", "permutation_invariance", "mask", "axis", "layout"), NARROW)
    | {"row_independence": NARROW},
    cause="accumulator stagnation",
)
def shifted_logsumexp(x: Array, axis: int = -1) -> Array:
    """max x + log sum_j exp(x_j - max x), all in the dtype of `x`; the shift is 0 where the maximum is infinite."""
    a = x.max(axis=axis, keepdims=True)
    shift = np.where(np.isfinite(a), a, np.zeros_like(a))  # inf - inf is NaN
    return np.squeeze(a + np.log(np.exp(x - shift).sum(axis=axis, keepdims=True)), axis)
