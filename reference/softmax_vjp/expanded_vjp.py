"""The Jacobian diag(s) - s s^T times g, without the matrix."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import subject


@subject("softmax_vjp", kind="reference")
def expanded_vjp(x: Array, g: Array) -> Array:
    """s * g - s <s, g> in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    s = wide(x.astype(format_))
    p = s * g.astype(format_)
    return (p - s * p.sum()).astype(x.dtype)
