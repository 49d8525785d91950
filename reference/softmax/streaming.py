"""Online softmax: one pass for the maximum and the sum."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import NARROW, subject


@subject(
    "softmax",
    kind="reference",
    fails=dict.fromkeys(("sum_to_one", "accuracy"), NARROW),
    may=dict.fromkeys(("permutation_equivariance", "axis", "layout"), NARROW),
)
def streaming(x: Array, axis: int = -1) -> Array:
    """S <- S exp(m - m') + exp(x_k - m') with m' = max(m, x_k), then exp(x_i - m) / S.

    Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018), algorithm 3. All in the
    dtype of `x`; the error grows with the number of times that the maximum changes.
    """
    columns = np.ascontiguousarray(np.moveaxis(x, axis, 0))
    m, total = columns[0], np.ones_like(columns[0])
    for column in columns[1:]:
        higher = np.maximum(m, column)
        kept = np.where(m == higher, x.dtype.type(1), np.exp(m - higher))  # -inf - -inf is NaN: nothing to rescale
        total = total * kept + np.where(column == higher, x.dtype.type(1), np.exp(column - higher))
        m = higher
    return np.exp(x - np.expand_dims(m, axis)) / np.expand_dims(total, axis)
