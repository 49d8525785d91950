"""Two products, which are added."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("quadratic_form_gradient", kind="reference")
def two_products_form(A: Array, x: Array) -> Array:
    """A x + A^T x in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    M, v = A.astype(format_), x.astype(format_)
    return (M @ v + M.T @ v).astype(x.dtype)
