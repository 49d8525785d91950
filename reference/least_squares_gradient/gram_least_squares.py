"""The Gram matrix first, as in the normal equations."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("least_squares_gradient", kind="reference")
def gram_least_squares(B: Array, x: Array, c: Array) -> Array:
    """2 ((B^T B) x - B^T c) in float32 at least: near the minimiser it is the difference of two large vectors."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = B.astype(format_)
    return (2 * ((M.T @ M) @ x.astype(format_) - M.T @ c.astype(format_))).astype(x.dtype)
