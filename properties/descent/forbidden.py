"""What forbids a trap: the descent lemma, below a step of 2 / L."""

from __future__ import annotations

from typing import Any

import flint

from extremum.reference.descent.correct_rounding import Rational, dyadic, scaled
from extremum.reference.descent.smooth import BALLS, Smooth


def descent(function: Smooth, x: Rational, eps: Rational, bound: Rational) -> tuple[Any, Any]:
    """How far f falls in a step, and how far the descent lemma says that it falls at least; both as balls.

    With L no less than abs(f'') between x and y = x - eps g, g = f'(x), Taylor's formula gives
    f(y) <= f(x) - eps g^2 + L eps^2 g^2 / 2, that is a fall of at least eps (1 - L eps / 2) g^2, which is positive for
    eps < 2 / L unless g = 0. So no step below 2 / L leads to where f is as high as it was: to a global maximum, as
    all of sine's are. A lower local maximum is out of reach below 1 / L: there g = f''(xi) (x_0 - x*) for some xi,
    and the step that lands is 1 / f''(xi).
    Source: Nesterov, "Introductory Lectures on Convex Optimization" (2004), lemma 1.2.3.
    """
    at, step = flint.arb(x), flint.arb(eps)
    g = function.slope(at, BALLS)
    fall = function.value(at, BALLS) - function.value(at - step * g, BALLS)
    return fall, step * (1 - flint.arb(bound) * step / 2) * g * g


def safe_step(function: Smooth, x: Rational, share: Rational) -> tuple[Rational, Rational]:
    """A step size of `share` < 1 times 2 / L, and L: the function's own, or else a bound of abs(f'') around x.

    Where f' has no Lipschitz constant, L bounds abs(f'') in [x - 1, x + 1], and the step is cut to stay inside.
    """
    if function.bound is not None:
        bound = flint.fmpq(function.bound.numerator, function.bound.denominator)
        return share * 2 / bound, bound
    at = flint.arb(x)
    bend = abs(function.curvature((at - 1).union(at + 1), BALLS))
    bound = dyadic(bend.mid()) + dyadic(bend.rad()) + scaled(1, -20)
    g = abs(function.slope(at, BALLS))
    reach = dyadic(g.mid()) + dyadic(g.rad()) + scaled(1, -20)
    return share * min(2 / bound, 1 / reach), bound
