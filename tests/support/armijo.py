"""Gradient descent with Armijo's backtracking: the step is halved until f falls as far as the slope promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from extremum.reference.arithmetic.formats import Array

SHARE = 2.0**-4  # of what the slope promises; a power of two, so that no dtype rounds it


def armijo(value: Callable[[Array], Array], slope: Callable[[Array], Array], x: Array, first: float) -> Iterator[Array]:
    """x_1, x_2 ... for each entry of `x`, in its dtype, each step beginning again at `first`.

    A step is accepted where f(x - eps g) <= f(x) - eps g^2 / 16. An entry whose steps are halved until x - eps g is x
    stays where it is: at a critical point, or stalled. Source: L. Armijo, "Minimization of functions having Lipschitz
    continuous first partial derivatives", Pacific J. Math. 16 (1966).
    """
    while True:
        x = backtracked(value, slope, x, first)
        yield x


def backtracked(value: Callable[[Array], Array], slope: Callable[[Array], Array], x: Array, first: float) -> Array:
    """One step of `armijo`; where g is NaN, so is the answer."""
    g, f = slope(x), value(x)
    eps = np.full_like(x, first)
    while True:
        y = x - eps * g
        enough = value(y) <= f - eps * (g * g) * x.dtype.type(SHARE)
        again = ~enough & (y != x) & (eps != 0)
        if not again.any():
            return y.astype(x.dtype)
        eps[again] /= 2
