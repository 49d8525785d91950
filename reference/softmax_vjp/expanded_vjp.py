"""The Jacobian diag(s) - s s^T times g, without the matrix."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import WIDE, subject

OVERFLOWING = (*WIDE, "bfloat16")  # at the largest g, where s sums to a little more than 1


@subject(
    "softmax_vjp",
    kind="reference",
    may=dict.fromkeys(("finite", "sum_to_zero", "annihilates_constants", "linear", "accuracy"), OVERFLOWING),
)
def expanded_vjp(x: Array, g: Array) -> Array:
    """s * g - s <s, g> in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    s = wide(x.astype(format_))
    p = s * g.astype(format_)
    return (p - s * p.sum()).astype(x.dtype)
