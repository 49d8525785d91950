"""The definition, transcribed: the logarithm of a softmax."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import EVERY, NARROW, WIDE, subject


@subject(
    "log_softmax",
    kind="reference",
    fails={"saturation": EVERY, "accuracy": WIDE},
    may=dict.fromkeys(("permutation_equivariance", "mask", "axis", "layout", "row_independence"), WIDE)
    | {"accuracy": NARROW},
    cause="underflow to zero",
)
def log_of_softmax(x: Array, axis: int = -1) -> Array:
    """log(softmax(x)), which loses digits where the softmax is subnormal, and is -inf where it underflows.

    In float32 at least, rounded to the dtype of `x` at the end.
    """
    w = x.astype(np.promote_types(x.dtype, np.float32))
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    return np.log(e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)
