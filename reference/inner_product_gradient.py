"""The gradient of <w, x>, its methods side by side: w."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject


# The argument itself.
@subject("inner_product_gradient", kind="reference")
def weights(w: Array, x: Array) -> Array:
    """A copy of w: the gradient does not depend on `x`."""
    assert w.shape == x.shape
    return w.copy()


# The product rule, entry by entry.
@subject("inner_product_gradient", kind="reference")
def weights_times_one(w: Array, x: Array) -> Array:
    """w_i dx_i/dx_i, as reverse differentiation has it."""
    return w * np.ones_like(x)
