"""Gradient descent with step sizes given beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf
from numbers import Real
from typing import Any

import numpy as np

from extremum.reference.errors import UsageError

Point = Any  # a number of any arithmetic, or an array of shape (n,)


def descend(gradient: Callable[[Point], Point], x: Point, steps: Iterable[Point]) -> Iterator[Point]:
    """x_1, x_2 ... of x <- x - eps_k * gradient(x), one for each of `steps`.

    x is a number of any arithmetic for f: R -> R, or an array of shape (n,) over R^n; a constant step size is
    `itertools.repeat(eps)`. Infinities and NaN of the gradient go through. Raises `UsageError` for a step
    size that is not positive and finite, and for a gradient of another shape than x, which NumPy would broadcast.
    """
    for step in steps:
        ordered = isinstance(step, (Real, np.generic))  # unlike balls, and polynomials in pi
        if ordered and not 0 < step < inf:
            raise UsageError(f"step={step!s} is not positive and finite")
        g = gradient(x)
        if (shape := getattr(g, "shape", ())) != getattr(x, "shape", ()):
            raise UsageError(
                f"gradient has shape {shape}, and x shape {getattr(x, 'shape', ())}: they must be the same"
            )
        x = x - step * g
        yield x
