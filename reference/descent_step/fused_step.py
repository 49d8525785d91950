"""The formula, rounded once where the format is at most half as wide as the computation."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("descent_step", kind="reference")
def fused_step(x: Array, gradient: Array, step_size: float) -> Array:
    """x - step_size * gradient in x87 extended or the widest there is, rounded to the dtype of `x` at the end.

    As of a fused multiply-add, but that in float64 the product keeps 64 bits and not all 106.
    """
    wide = np.longdouble
    return (x.astype(wide) - wide(step_size) * gradient.astype(wide)).astype(x.dtype)
