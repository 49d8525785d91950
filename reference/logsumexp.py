"""Logsumexp, its methods side by side: logsumexp(x) = log sum_j exp(x_j) along an axis, which is removed."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import EVERY, NARROW, subject


# The definition, transcribed.
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


# The textbook remedy: subtract the maximum first, and add it back.
@subject(
    "logsumexp",
    kind="reference",
    fails={"accuracy": NARROW, "finite": ("float16",)},
    may=dict.fromkeys(("shift_equivariance", "permutation_invariance", "mask", "axis", "layout"), NARROW)
    | {"row_independence": NARROW},
    cause="accumulator stagnation",
)
def shifted_logsumexp(x: Array, axis: int = -1) -> Array:
    """max x + log sum_j exp(x_j - max x), all in the dtype of `x`; the shift is 0 where the maximum is infinite."""
    a = x.max(axis=axis, keepdims=True)
    shift = np.where(np.isfinite(a), a, np.zeros_like(a))  # inf - inf is NaN
    return np.squeeze(a + np.log(np.exp(x - shift).sum(axis=axis, keepdims=True)), axis)


# Online logsumexp: one pass for the maximum and the sum.
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
    dtype of `x`; the error grows with the number of times that the maximum changes. The running maxima and the
    exps are taken ahead of the recursion, which rounds nothing differently.
    """
    columns = np.ascontiguousarray(np.moveaxis(x, axis, 0))
    m = np.maximum.accumulate(columns, axis=0)
    safe = np.where(np.isfinite(m), m, np.zeros((), x.dtype))  # inf - inf is NaN: nothing to rescale
    terms, factors = np.exp(columns - safe), np.exp(m[:-1] - safe[1:])
    total = terms[0]
    for term, factor in zip(terms[1:], factors, strict=True):
        total = total * factor + term
    return np.asarray(safe[-1] + np.log(total))


# Shifted, with the maximum kept out of the sum, and the arithmetic of 16-bit formats done in float32.
@subject("logsumexp", kind="reference")
def wide_logsumexp(x: Array, axis: int = -1) -> Array:
    """max x + log1p(sum of exp(x_j - max x) over all entries but one at the maximum).

    In float32 at least, rounded to the dtype of `x` at the end.
    """
    w = np.moveaxis(x.astype(np.promote_types(x.dtype, np.float32)), axis, -1)
    a = w.max(axis=-1, keepdims=True)
    e = np.exp(w - np.where(np.isfinite(a), a, 0))  # inf - inf is NaN
    np.put_along_axis(e, w.argmax(axis=-1, keepdims=True), 0, axis=-1)
    return np.asarray(a[..., 0] + np.log1p(e.sum(axis=-1))).astype(x.dtype)
