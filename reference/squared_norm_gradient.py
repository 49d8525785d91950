"""The gradient of norm(B x)^2, its methods side by side: 2 B^T B x."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject


# The Gram matrix first.
@subject("squared_norm_gradient", kind="reference")
def gram_squared_norm(B: Array, x: Array) -> Array:
    """2 (B^T B) x in float32 at least: as many operations as the matrix has, for every x anew."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = B.astype(format_)
    return (2 * ((M.T @ M) @ x.astype(format_))).astype(x.dtype)


# The product with x first.
@subject("squared_norm_gradient", kind="reference")
def product_first(B: Array, x: Array) -> Array:
    """2 B^T (B x) in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = B.astype(format_)
    return (2 * (M.T @ (M @ x.astype(format_)))).astype(x.dtype)
