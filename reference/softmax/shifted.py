"""The textbook remedy: subtract the maximum first."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import NARROW, subject


@subject(
    "softmax",
    kind="reference",
    fails=dict.fromkeys(("sum_to_one", "accuracy"), NARROW),
    may=dict.fromkeys(("permutation_equivariance", "axis", "layout"), NARROW),
)
def shifted(x: Array, axis: int = -1) -> Array:
    """exp(x_i - max x) / sum_j exp(x_j - max x), all in the dtype of `x`, whose sum may stagnate or overflow."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
