"""The formula as libraries have it: an update is made first, and added."""

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("descent_step", kind="reference")
def added_step(x: Array, gradient: Array, step_size: float) -> Array:
    """x + (-step_size) * gradient, each operation in the dtype of `x`."""
    update = x.dtype.type(-step_size) * gradient
    return x + update
