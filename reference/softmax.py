"""Softmax, its methods side by side: softmax(x)_i = exp(x_i) / sum_j exp(x_j) along an axis."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE, subject

# Softmax in base 2, as kernels have it whose processor computes 2**x fastest.
OVERFLOWING = (*WIDE, "bfloat16")  # the largest finite value times log2(e) leaves float32, which float16 can't


@subject(
    "softmax",
    kind="reference",
    fails=dict.fromkeys(("finite", "sum_to_one", "accuracy"), OVERFLOWING) | {"shift_invariance": WIDE},
    may={"permutation_equivariance": WIDE},
)
def base2(x: Array, axis: int = -1) -> Array:
    """2**(x_i log2 e - max x log2 e) / sum: the two products are rounded apart, at a cost of abs(x) u.

    In float32 at least, rounded to the dtype of `x` at the end.
    """
    w = x.astype(np.promote_types(x.dtype, np.float32))
    log2e = w.dtype.type(1.4426950408889634)
    e = np.exp2(w * log2e - w.max(axis=axis, keepdims=True) * log2e)
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


# Softmax by blocks, as tiled kernels have it: each block's maximum and sum are merged into the row's.
BLOCK = 128


@subject("softmax", kind="reference")
def blockwise(x: Array, axis: int = -1) -> Array:
    """exp(x_i - m) / sum_b S_b exp(m_b - m), with m_b and S_b the maximum and the shifted sum of block b.

    In float32 at least, rounded to the dtype of `x` at the end.
    """
    w = np.moveaxis(x.astype(np.promote_types(x.dtype, np.float32)), axis, -1)
    m, total = np.full((*w.shape[:-1], 1), -np.inf, w.dtype), np.zeros((*w.shape[:-1], 1), w.dtype)
    for start in range(0, w.shape[-1], BLOCK):
        block = w[..., start : start + BLOCK]
        higher = np.maximum(m, block.max(axis=-1, keepdims=True))
        safe = np.where(np.isneginf(higher), 0, higher)  # all masked so far: nothing to rescale
        total = total * np.exp(m - safe) + np.exp(block - safe).sum(axis=-1, keepdims=True)
        m = higher
    return np.moveaxis(np.exp(w - m) / total, -1, axis).astype(x.dtype)


# The definition, transcribed.
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


# The textbook remedy: subtract the maximum first.
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


# Online softmax: one pass for the maximum and the sum.
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


# Softmax through the logarithm of its denominator.
@subject(
    "softmax",
    kind="reference",
    fails=dict.fromkeys(("sum_to_one", "accuracy", "shift_invariance"), EVERY),
    may=dict.fromkeys(("permutation_equivariance", "axis", "mask", "layout", "row_independence"), EVERY),
)
def through_logsumexp(x: Array, axis: int = -1) -> Array:
    """exp(x_i - y) with y = max x + log sum_j exp(x_j - max x): the rounding of y costs abs(y) u."""
    a = x.max(axis=axis, keepdims=True)
    y = a + np.log(np.exp(x - a).sum(axis=axis, keepdims=True))
    return np.exp(x - y)


# Shifted, with the arithmetic of 16-bit formats done in float32.
@subject("softmax", kind="reference")
def wide(x: Array, axis: int = -1) -> Array:
    """exp(x_i - max x) / sum_j exp(x_j - max x) in float32 at least, rounded to the dtype of `x` at the end."""
    w = x.astype(np.promote_types(x.dtype, np.float32))
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)
