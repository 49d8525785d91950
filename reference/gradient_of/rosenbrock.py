"""Rosenbrock's function, chained: a polynomial, on which exact arithmetic decides."""

from typing import Any

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


def rosenbrock(x: Array) -> Any:
    """The sum of 100 (x_(i+1) - x_i^2)^2 + (1 - x_i)^2 over all neighbours, and of x_i^2 over all entries."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum() + (x**2).sum()


@subject("gradient_of", kind="reference", of=rosenbrock, of_origin=f"{__name__}:rosenbrock")
def rosenbrock_gradient(x: Array) -> Array:
    """Each neighbour's part to both of its entries, in float32 at least where `x` is of floats."""
    w = x if x.dtype == object else x.astype(np.promote_types(x.dtype, np.float32))
    head, gap = w[:-1], w[1:] - w[:-1] ** 2
    nothing = w[:1] * 0
    inner = np.concatenate([-400 * head * gap - 2 * (1 - head), nothing])
    g: Array = 2 * w + inner + np.concatenate([nothing, 200 * gap])
    return g.astype(x.dtype)
