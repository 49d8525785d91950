"""gelu, x Phi(x) with the normal distribution Phi, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.error_function import erf, erfc
from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject

ROOT = 0.7071067811865476  # 1 / sqrt(2)


# The usual formula: no digit of the tail.
@subject("gelu", kind="reference", axis=None)
def naive_gelu(x: Array) -> Array:
    """x / 2 (1 + erf(x / sqrt(2))), all in the dtype of `x`. It is 0 where erf is -1, and sound elsewhere."""
    half, root = x.dtype.type(0.5), x.dtype.type(ROOT)
    return np.asarray(half * x * (1 + erf(x * root)))


# With all digits of the tail.
@subject("gelu", kind="reference", axis=None)
def careful_gelu(x: Array) -> Array:
    """x / 2 erfc(-x / sqrt(2)), all in the dtype of `x`; the argument is rounded."""
    half, root = x.dtype.type(0.5), x.dtype.type(ROOT)
    return np.asarray(half * x * erfc(-x * root))


# The careful form, in float32 at least.
@subject("gelu", kind="reference", axis=None)
def wide_gelu(x: Array) -> Array:
    """As `careful_gelu`, in float32 at least, rounded to the dtype of `x` at the end."""
    return careful_gelu(x.astype(np.promote_types(x.dtype, np.float32))).astype(x.dtype)
