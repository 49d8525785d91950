"""The derivative of the logarithm, times the probability."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import subject


@subject("softmax_jacobian", kind="reference")
def row_scaled(x: Array) -> Array:
    """s_i (delta_ij - s_j) in float32 at least: 1 - s_i loses the digits of the diagonal as s_i goes to 1."""
    s = wide(x.astype(np.promote_types(x.dtype, np.float32)))
    return (s[:, None] * (np.eye(len(s), dtype=s.dtype) - s)).astype(x.dtype)
