"""The definition, over a sound softmax."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import subject


@subject("softmax_jacobian", kind="reference")
def diag_minus_outer(x: Array) -> Array:
    """diag(s) - s s^T in float32 at least: s_i - s_i^2 loses the digits of the diagonal as s_i goes to 1."""
    s = wide(x.astype(np.promote_types(x.dtype, np.float32)))
    return (np.diag(s) - np.outer(s, s)).astype(x.dtype)
