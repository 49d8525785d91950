"""The matrix is symmetrised before the product."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("quadratic_form_gradient", kind="reference")
def symmetrised_form(A: Array, x: Array) -> Array:
    """(A + A^T) x in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = A.astype(format_)
    return ((M + M.T) @ x.astype(format_)).astype(x.dtype)
