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
    dtype of `x`; the error grows with the number of times that the maximum changes. The running maxima and the
    exps are taken ahead of the recursion, which rounds nothing differently.
    """
    columns = np.ascontiguousarray(np.moveaxis(x, axis, 0))
    m = np.maximum.accumulate(columns, axis=0)
    safe = np.where(np.isneginf(m), np.zeros((), x.dtype), m)  # -inf - -inf is NaN: nothing to rescale yet
    terms, factors = np.exp(columns - safe), np.exp(m[:-1] - safe[1:])
    total = terms[0]
    for term, factor in zip(terms[1:], factors, strict=True):
        total = total * factor + term
    return np.exp(x - np.expand_dims(m[-1], axis)) / np.expand_dims(total, axis)
