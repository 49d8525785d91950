"""The gradient of <x, A x>, its methods side by side: (A + A^T) x."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject


# One sum over two copies of the matrix.
@subject("quadratic_form_gradient", kind="reference")
def einsum_form(A: Array, x: Array) -> Array:
    """sum_j A_ij x_j + sum_j A_ji x_j by `einsum`, in float32 at least."""
    format_ = np.promote_types(x.dtype, np.float32)
    M, v = A.astype(format_), x.astype(format_)
    return (np.einsum("ij,j->i", M, v) + np.einsum("ji,j->i", M, v)).astype(x.dtype)


# The matrix is symmetrised before the product.
@subject("quadratic_form_gradient", kind="reference")
def symmetrised_form(A: Array, x: Array) -> Array:
    """(A + A^T) x in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    M = A.astype(format_)
    return ((M + M.T) @ x.astype(format_)).astype(x.dtype)


# Two products, which are added.
@subject("quadratic_form_gradient", kind="reference")
def two_products_form(A: Array, x: Array) -> Array:
    """A x + A^T x in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    M, v = A.astype(format_), x.astype(format_)
    return (M @ v + M.T @ v).astype(x.dtype)
