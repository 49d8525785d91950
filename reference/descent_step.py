"""A step of gradient descent, its methods side by side: x - step_size * gradient, of one vector."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject


# The formula as libraries have it: an update is made first, and added.
@subject("descent_step", kind="reference")
def added_step(x: Array, gradient: Array, step_size: float) -> Array:
    """x + (-step_size) * gradient, each operation in the dtype of `x`."""
    update = x.dtype.type(-step_size) * gradient
    return x + update


# The formula, rounded once where the format is at most half as wide as the computation.
@subject("descent_step", kind="reference")
def fused_step(x: Array, gradient: Array, step_size: float) -> Array:
    """x - step_size * gradient in x87 extended or the widest there is, rounded to the dtype of `x` at the end.

    As of a fused multiply-add, but that in float64 the product keeps 64 bits and not all 106.
    """
    wide = np.longdouble
    return (x.astype(wide) - wide(step_size) * gradient.astype(wide)).astype(x.dtype)


# The formula.
@subject("descent_step", kind="reference")
def plain_step(x: Array, gradient: Array, step_size: float) -> Array:
    """x - step_size * gradient, each operation in the dtype of `x`."""
    return x - x.dtype.type(step_size) * gradient
