"""The definition, transcribed."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import EVERY, subject


@subject(
    "softmax",
    kind="reference",
    fails=dict.fromkeys(("finite", "sum_to_one", "accuracy", "shift_invariance", "mask"), EVERY),
    may={"permutation_equivariance": EVERY, "gradual_underflow": EVERY, "axis": EVERY, "layout": EVERY},
)
def naive(x: Array, axis: int = -1) -> Array:
    """exp(x_i) / sum_j exp(x_j). Overflows to NaN, underflows to 0/0, sums in the dtype of `x`."""
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)
