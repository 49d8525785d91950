"""The sum of log(1 + exp(x)), whose gradient is the logistic function."""

from typing import Any

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


def softplus(x: Array) -> Any:
    """The sum of log(1 + exp(x_i)), from exponentials of what is at most 0."""
    return (np.maximum(x, 0 * x) + np.log1p(np.exp(-np.abs(x)))).sum()


@subject("gradient_of", kind="reference", of=softplus, of_origin=f"{__name__}:softplus")
def softplus_gradient(x: Array) -> Array:
    """1 / (1 + exp(-x)), and e / (1 + e) below zero, in float32 at least, rounded to the dtype of `x` at the end."""
    w = x.astype(np.promote_types(x.dtype, np.float32))
    e = np.exp(-np.abs(w))
    return (np.where(w > 0, 1, e) / (1 + e)).astype(x.dtype)
