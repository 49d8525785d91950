"""The definition, in the dtype of its arguments."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import EVERY, NARROW, subject


@subject(
    "softmax_vjp",
    kind="reference",
    fails=dict.fromkeys(("sum_to_zero", "accuracy"), ("bfloat16",)),
    may=dict.fromkeys(("finite", "sum_to_zero", "annihilates_constants", "linear", "accuracy"), EVERY)
    | {"layout": NARROW, "gradual_underflow": NARROW},
    cause="accumulator stagnation",
)
def narrow_vjp(x: Array, g: Array) -> Array:
    """s * (g - <g, s>), all in the dtype of `x`, whose sums of many terms stagnate or overflow in 16 bits."""
    e = np.exp(x - x.max())
    s = e / e.sum()
    return s * (g - (g * s).sum())
