"""Softmax by blocks, as tiled kernels have it: each block's maximum and sum are merged into the row's."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject

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
