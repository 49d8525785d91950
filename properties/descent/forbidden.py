"""What forbids a trap: the descent lemma, below a step of 2 / L."""

from __future__ import annotations

from typing import Any

import flint

from extremum.reference.descent.correct_rounding import Rational, dyadic, scaled
from extremum.reference.descent.smooth import BALLS, Smooth


def descent(function: Smooth, x: Rational, eps: Rational, bound: Rational) -> tuple[Any, Any]:
    """How far f falls in a step, and how far the descent lemma says that it falls at least; both as balls.

    Let g = f'(x), y = x - eps g, and L at least abs(f'') between x and y. Taylor's formula gives
    f(y) <= f(x) - eps g^2 + L eps^2 g^2 / 2: a fall of at least eps (1 - L eps / 2) g^2. It is positive for eps < 2 / L
    unless g = 0. So no step below 2 / L leads to a global maximum, as all of sine's are. A step below 1 / L leads to no
    local maximum x* either: there g = f''(xi) (x_0 - x*) for some xi, and the step that lands is 1 / f''(xi).
    Source: Nesterov, "Introductory Lectures on Convex Optimization" (2004), lemma 1.2.3.
    """
    at, step = flint.arb(x), flint.arb(eps)
    g = function.slope(at, BALLS)
    fall = function.value(at, BALLS) - function.value(at - step * g, BALLS)
    return fall, step * (1 - flint.arb(bound) * step / 2) * g * g


def safe_step(function: Smooth, x: Rational, share: Rational) -> tuple[Rational, Rational]:
    """A step size of `share` < 1 times 2 / L, and L: the function's own, or else a bound of abs(f'') around x.

    Where f' has no Lipschitz constant, L bounds abs(f'') in [x - 1, x + 1], and the step is short enough to stay there.
    """
    if function.bound is not None:
        bound = flint.fmpq(function.bound.numerator, function.bound.denominator)
        return share * 2 / bound, bound
    at = flint.arb(x)
    bend = abs(function.curvature((at - 1).union(at + 1), BALLS))
    bound = _above(bend)
    return share * min(2 / bound, 1 / _above(abs(function.slope(at, BALLS)))), bound


def _above(ball: Any) -> Rational:
    """A positive number above all of a ball of numbers that are not negative."""
    return dyadic(ball.mid()) + dyadic(ball.rad()) + scaled(1, -20)
