"""Softmax in base 2, as kernels have it whose processor computes 2**x fastest."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import WIDE, subject

OVERFLOWING = (*WIDE, "bfloat16")  # the largest finite value times log2(e) leaves float32, which float16 can't


@subject(
    "softmax",
    kind="reference",
    fails=dict.fromkeys(("finite", "sum_to_one", "accuracy"), OVERFLOWING) | {"shift_invariance": WIDE},
    may={"permutation_equivariance": WIDE},
)
def base2(x: Array, axis: int = -1) -> Array:
    """2**(x_i log2 e - max x log2 e) / sum: the two products are rounded apart, at a cost of abs(x) u.

    In float32 at least, rounded to the dtype of `x` at the end.
    """
    w = x.astype(np.promote_types(x.dtype, np.float32))
    log2e = w.dtype.type(1.4426950408889634)
    e = np.exp2(w * log2e - w.max(axis=axis, keepdims=True) * log2e)
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)
