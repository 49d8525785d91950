"""The textbook remedy: subtract the maximum first."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import NARROW, subject


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
