"""Step sizes that lead to a maximum through infinitely many points, in exact arithmetic and in floating point.

No positive steps lead x_k itself to a maximum x* with f''(x*) < 0 unless by landing: f' points away from x* on both
sides, so that each step from near x* ends farther from it. What remains are the two schedules below: between
two maxima of a function as smooth as sine, f(x_k) converges to f(x*); and where the slope changes its sign
again and again towards x*, x_k converges as well, and under one constant step size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from extremum.reference.arithmetic.formats import Array

RIPPLE_STEP = 0.1285
RIPPLE_START = 0.7


def between_two_maxima(slope: Callable[[Array], Array], x: Array, left: Array, right: Array) -> Iterator[Array]:
    """Step sizes from x = right - d, below a maximum at `right`, to left + d/2, to right - d/4, and so on for ever.

    `left` and `right` are neighbouring maxima, between which f' is negative and then positive: from the right half a
    positive step leads to the left, and the other way round. Each eps_k = (x_k - x_{k+1}) / f'(x_k) is that of
    the point reached, rounding errors included, so that they are not carried on; it grows without bound.
    """
    while True:
        at_right = abs(right - x) < abs(x - left)
        target = left + (right - x) / 2 if at_right else right - (x - left) / 2
        step = (x - target) / slope(x)
        yield step
        x = x - step * slope(x)


def ripple(x: Array) -> Array:
    """f(x) = -x^2 (2 + sin(8 log abs(x))), in the dtype of `x`: continuously differentiable, and greatest at 0 alone.

    f lies between -3 x^2 and -x^2. It is its own picture in small: f(q x) = q^2 f(x) for q = exp(-pi / 4).
    """
    x = np.asarray(x)
    return -(x * x) * (2 + np.sin(8 * np.log(abs(x))))


def ripple_slope(x: Array) -> Array:
    """f'(x) = -x (4 + 2 sin t + 8 cos t) with t = 8 log abs(x), whose sign changes twice in every factor of q.

    f'(x) = c(t) x with c up to sqrt(68) - 4 > 0. A step of eps maps t to t + 8 log(1 - eps c(t)): where
    1 - eps c(t) = q, x shrinks by q and t is back, less 2 pi, at the same place of the next ripple. For eps = 0.1285
    there is such a place near x = 0.69, with c = 4.234, and it attracts: the derivative of the map of t is
    1 - 8 eps c'(t) / q = -0.014. So x_{k+1} tends to q x_k whatever small errors are made, for ever in exact
    arithmetic, and in floating point until x^2 underflows, or until u abs(t), the rounding of t, is no longer small
    (in bfloat16).
    """
    x = np.asarray(x)
    t = 8 * np.log(abs(x))
    return -x * (4 + 2 * np.sin(t) + 8 * np.cos(t))
