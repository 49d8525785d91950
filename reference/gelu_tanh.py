"""gelu by tanh, x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))) / 2, its forms side by side, entry by entry."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import careful_sigmoid
from extremum.reference.subjects.subject import subject

ROOT = 0.7978845608028654  # sqrt(2 / pi)
CUBED = 0.044715


def argument(x: Array) -> Array:
    """The argument of the tanh, in the dtype of `x`: infinite where the cube is."""
    root, cubed = x.dtype.type(ROOT), x.dtype.type(CUBED)
    return np.asarray(root * (x + cubed * (x * x * x)))


# The definition, transcribed: no digit of the tail.
@subject("gelu_tanh", kind="reference", axis=None)
def naive_gelu_tanh(x: Array) -> Array:
    """x / 2 (1 + tanh(p)), all in the dtype of `x`. It is 0 where tanh is -1, and sound elsewhere."""
    return np.asarray(x.dtype.type(0.5) * x * (1 + np.tanh(argument(x))))


# With digits of the tail.
@subject("gelu_tanh", kind="reference", axis=None)
def careful_gelu_tanh(x: Array) -> Array:
    """x times the sigmoid of 2 p, all in the dtype of `x`; the argument is rounded."""
    return np.asarray(x * careful_sigmoid(2 * argument(x)))


# The careful form, in float32 at least.
@subject("gelu_tanh", kind="reference", axis=None)
def wide_gelu_tanh(x: Array) -> Array:
    """As `careful_gelu_tanh`, in float32 at least, rounded to the dtype of `x` at the end."""
    return careful_gelu_tanh(x.astype(np.promote_types(x.dtype, np.float32))).astype(x.dtype)
