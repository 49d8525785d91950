"""The law of escape: from the landing on, each step leads 1 - eps f''(x*) times as far from the maximum.

With d_k = x_k - x*, and f'(x*) = 0, the mean value theorem gives an exact step d_{k+1} = (1 - eps f''(xi)) d_k for some
xi between x* and x_k. In a format of unit roundoff u the slope and its product with eps are rounded, each by a factor
1 + delta with abs(delta) <= u, and the difference by half a spacing, so that

    abs(d_{k+1} - (1 - eps f''(xi)) d_k) <= (2 u + u^2) abs(eps f'(x_k)) + spacing(x_{k+1}) / 2,

and what underflow adds to the slope, times eps, and to the product: half of the smallest subnormal each. At a
maximum with f'' < 0 the factor is above 1 whatever eps > 0 is.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import flint

from extremum.properties.descent.following import NEAR, Orbit
from extremum.reference.descent import exact
from extremum.reference.descent.exact import Exact
from extremum.reference.descent.rounding import Rational, Rounding, scaled
from extremum.reference.descent.smooth import BALLS, Smooth


def predicted(distance: Any, multiplier: Any) -> int | None:
    """The first k with distance * multiplier^(k - 1) > 1/10; both are balls. None where nothing grows from 0."""
    if distance > flint.arb(NEAR):
        return 1
    if not distance > 0 or not multiplier > 1:
        return None
    steps = (flint.arb(NEAR) / distance).log() / multiplier.log()
    k = 1 + max(1, ceil(float(steps.mid())))
    return k if distance * multiplier ** (k - 1) > flint.arb(NEAR) else k + 1  # where the ratio is a power


def follows_the_law(orbit: Orbit, function: Smooth, top: Exact, k: int) -> bool:
    """Whether step k of the orbit, from x_k to x_{k+1}, is within the law above, in balls."""
    x, y = orbit.points[k], orbit.points[k + 1]
    with flint.ctx.workprec(4 * orbit.rounding.precision + 64):
        at, x_star, eps = flint.arb(x), exact.ball(top), flint.arb(orbit.step)
        factor = 1 - eps * function.curvature(at.union(x_star), BALLS)
        slack = roundings(eps, abs(function.slope(at, BALLS)), y, orbit.rounding)
        error = flint.arb(y) - x_star - factor * (at - x_star)
        return not abs(error) > slack


def roundings(eps: Any, slope: Any, y: Rational, rounding: Rounding) -> Any:
    """What the three roundings of a step to `y` may be off together, as a ball."""
    u = flint.arb(scaled(1, -rounding.precision))
    eta = flint.fmpq(0) if rounding.lowest is None else scaled(1, rounding.lowest)
    spacing = scaled(1, rounding.exponent(y)) if y != 0 else eta
    return (2 * u + u * u) * eps * slope + flint.arb(spacing) / 2 + (eps + 1) * eta
