"""Shifted, with the arithmetic of 16-bit formats done in float32."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("log_softmax", kind="reference")
def wide_log_softmax(x: Array, axis: int = -1) -> Array:
    """(x_i - max x) - log sum_j exp(x_j - max x) in float32 at least, rounded to the dtype of `x` at the end."""
    w = x.astype(np.promote_types(x.dtype, np.float32))
    d = w - w.max(axis=axis, keepdims=True)
    return (d - np.log(np.exp(d).sum(axis=axis, keepdims=True))).astype(x.dtype)
