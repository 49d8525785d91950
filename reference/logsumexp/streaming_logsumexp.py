"""Online logsumexp: one pass for the maximum and the sum."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import NARROW, subject


@subject(
    "logsumexp",
    kind="reference",
    fails={"accuracy": NARROW},
    may=dict.fromkeys(("shift_equivariance", "permutation_invariance", "mask", "axis", "layout"), NARROW),
    cause="accumulator stagnation",
)
def streaming_logsumexp(x: Array, axis: int = -1) -> Array:
    """S <- S exp(m - m') + exp(x_k - m') with m' = max(m, x_k), then m + log S.

    Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018), algorithm 3. All in the
    dtype of `x`; the error grows with the number of times that the maximum changes.
    """
    columns = np.ascontiguousarray(np.moveaxis(x, axis, 0))
    one = np.ones_like(columns[0])
    m, total = columns[0], one
    for column in columns[1:]:
        higher = np.maximum(m, column)
        kept = np.where(m == higher, one, np.exp(m - higher))  # inf - inf is NaN: nothing to rescale
        total = total * kept + np.where(column == higher, one, np.exp(column - higher))
        m = higher
    return np.asarray(m + np.log(total))
