"""The formula."""

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("descent_step", kind="reference")
def plain_step(x: Array, gradient: Array, step_size: float) -> Array:
    """x - step_size * gradient, each operation in the dtype of `x`."""
    return x - x.dtype.type(step_size) * gradient
