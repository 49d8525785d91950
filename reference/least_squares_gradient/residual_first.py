"""The residual first."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("least_squares_gradient", kind="reference")
def residual_first(B: Array, x: Array, c: Array) -> Array:
    """2 B^T (B x - c) in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = B.astype(format_)
    return (2 * (M.T @ (M @ x.astype(format_) - c.astype(format_)))).astype(x.dtype)
