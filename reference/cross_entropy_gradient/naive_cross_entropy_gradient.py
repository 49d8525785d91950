"""The definition, transcribed."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import EVERY, subject


@subject(
    "cross_entropy_gradient",
    kind="reference",
    axis=None,
    fails=dict.fromkeys(("finite", "sum_to_zero", "accuracy", "mask"), EVERY),
    may=dict.fromkeys(("range", "layout", "gradual_underflow"), EVERY),
    cause="exp overflow",
)
def naive_cross_entropy_gradient(logits: Array, L: int) -> Array:
    """exp(x_i) / sum_j exp(x_j), less 1 in entry L. Overflows to NaN, underflows to 0/0, sums in the own dtype."""
    e = np.exp(logits)
    g = e / e.sum()
    g[L] -= 1
    return np.asarray(g)
