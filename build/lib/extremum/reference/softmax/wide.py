"""Shifted, with the arithmetic of 16-bit formats done in float32."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("softmax", kind="reference")
def wide(x: Array, axis: int = -1) -> Array:
    """exp(x_i - max x) / sum_j exp(x_j - max x) in float32 at least, rounded to the dtype of `x` at the end."""
    w = x.astype(np.promote_types(x.dtype, np.float32))
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)
