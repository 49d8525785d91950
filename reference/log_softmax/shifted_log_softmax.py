"""The textbook remedy: subtract the maximum first."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import NARROW, subject


@subject(
    "log_softmax",
    kind="reference",
    fails=dict.fromkeys(("exp_sum_to_one", "accuracy"), NARROW),
    may=dict.fromkeys(("saturation", "permutation_equivariance", "mask", "axis", "layout", "row_independence"), NARROW),
    cause="accumulator stagnation",
)
def shifted_log_softmax(x: Array, axis: int = -1) -> Array:
    """(x_i - max x) - log sum_j exp(x_j - max x), all in the dtype of `x`, whose sum may stagnate or overflow."""
    d = x - x.max(axis=axis, keepdims=True)
    return d - np.log(np.exp(d).sum(axis=axis, keepdims=True))
