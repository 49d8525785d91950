"""The definition, transcribed."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import EVERY, subject


@subject(
    "logsumexp",
    kind="reference",
    fails=dict.fromkeys(("finite", "between", "one_element", "accuracy", "shift_equivariance"), EVERY),
    may=dict.fromkeys(("permutation_invariance", "mask", "axis", "layout", "row_independence"), EVERY),
    cause="exp overflow",
)
def naive_logsumexp(x: Array, axis: int = -1) -> Array:
    """log sum_j exp(x_j). Overflows to inf, underflows to -inf, sums in the dtype of `x`."""
    return np.asarray(np.log(np.exp(x).sum(axis=axis)))
