"""The argument itself."""

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("inner_product_gradient", kind="reference")
def weights(w: Array, x: Array) -> Array:
    """A copy of w: the gradient does not depend on `x`."""
    assert w.shape == x.shape
    return w.copy()
