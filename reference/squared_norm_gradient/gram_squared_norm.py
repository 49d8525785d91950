"""The Gram matrix first."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("squared_norm_gradient", kind="reference")
def gram_squared_norm(B: Array, x: Array) -> Array:
    """2 (B^T B) x in float32 at least: as many operations as the matrix has, for every x anew."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = B.astype(format_)
    return (2 * ((M.T @ M) @ x.astype(format_))).astype(x.dtype)
