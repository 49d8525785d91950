"""Log-softmax through the logarithm of its denominator."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import EVERY, subject


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
