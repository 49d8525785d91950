"""The definition, over a sound softmax."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import WIDE, subject

OVERFLOWING = (*WIDE, "bfloat16")  # g - <g, s> leaves float32 at the largest g, which float16 can't


@subject(
    "softmax_vjp",
    kind="reference",
    may=dict.fromkeys(("finite", "sum_to_zero", "annihilates_constants", "linear", "accuracy"), OVERFLOWING),
)
def centred_vjp(x: Array, g: Array) -> Array:
    """s * (g - <g, s>) in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    s, w = wide(x.astype(format_)), g.astype(format_)
    return (s * (w - (w * s).sum())).astype(x.dtype)
