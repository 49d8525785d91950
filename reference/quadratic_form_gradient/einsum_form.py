"""One sum over two copies of the matrix."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("quadratic_form_gradient", kind="reference")
def einsum_form(A: Array, x: Array) -> Array:
    """sum_j A_ij x_j + sum_j A_ji x_j by `einsum`, in float32 at least."""
    format_ = np.promote_types(x.dtype, np.float32)
    M, v = A.astype(format_), x.astype(format_)
    return (np.einsum("ij,j->i", M, v) + np.einsum("ji,j->i", M, v)).astype(x.dtype)
