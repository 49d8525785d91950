"""The gradient of norm(B x - c)^2, its methods side by side: 2 B^T (B x - c)."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject


# The Gram matrix first, as in the normal equations.
@subject("least_squares_gradient", kind="reference")
def gram_least_squares(B: Array, x: Array, c: Array) -> Array:
    """2 ((B^T B) x - B^T c) in float32 at least: near the minimiser it is the difference of two large vectors."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = B.astype(format_)
    return (2 * ((M.T @ M) @ x.astype(format_) - M.T @ c.astype(format_))).astype(x.dtype)


# The residual first.
@subject("least_squares_gradient", kind="reference")
def residual_first(B: Array, x: Array, c: Array) -> Array:
    """2 B^T (B x - c) in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = B.astype(format_)
    return (2 * (M.T @ (M @ x.astype(format_) - c.astype(format_)))).astype(x.dtype)
