"""Facts about gradient descent that the tests hold the trap against: the law of escape, landings, false convergence."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np

from extremum.properties.descent.ends import Ends
from extremum.properties.descent.following import Orbit
from extremum.reference.arithmetic.formats import Array
from extremum.reference.descent import exact
from extremum.reference.descent.correct_rounding import Rational, Rounding, scaled
from extremum.reference.descent.exact import Exact, NotExact
from extremum.reference.descent.smooth import BALLS, EXACT, Smooth


def smallest_landing_step(bits: int) -> tuple[Any, Any]:
    """t with tan t = t, and sqrt(1 + t^2): the smallest eps that lands on a maximum of sine, as balls of `bits` bits.

    From x* + s, where f' = -sin s, the step that lands is eps(s) = -s / sin s, the same for -s. It is positive for s
    in (pi, 2 pi), (3 pi, 4 pi) ... , and at least s. In (pi, 2 pi) its derivative is (s cos s - sin s) / sin^2 s, which
    is 0 where tan s = s; there sin s = s cos s, so that eps = -1 / cos s = sqrt(1 + s^2). sin s - s cos s falls
    throughout (pi, 2 pi), since its derivative is s sin s < 0, and is positive at 4 and negative at 5: the root is one,
    and bisection encloses it. Beyond, eps(s) >= 3 pi.
    """
    with flint.ctx.workprec(bits + 32):
        low, high = flint.fmpq(4), flint.fmpq(5)
        for _ in range(bits):
            middle = (low + high) / 2
            t = flint.arb(middle)
            if t.sin() > t * t.cos():
                low = middle
            else:
                high = middle
        t = flint.arb(low).union(flint.arb(high))
        return t, (1 + t * t).sqrt()


def follows_the_law(orbit: Orbit, function: Smooth, top: Exact, k: int) -> bool:
    """Whether step k of the orbit, from x_k to x_{k+1}, is within the law of escape, in balls.

    By the mean value theorem an exact step is d_{k+1} = (1 - eps f''(xi)) d_k. In a format of unit roundoff u the slope
    and its product with eps are rounded, each by a factor 1 + delta with abs(delta) <= u, and the difference by half a
    spacing, so that

        abs(d_{k+1} - (1 - eps f''(xi)) d_k) <= (2 u + u^2) abs(eps f'(x_k)) + spacing(x_{k+1}) / 2,

    and what underflow adds to the slope, times eps, and to the product: half of the smallest subnormal each.
    """
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


def lands_whatever_the_slope(start: Exact, top: Exact) -> bool:
    """Whether x_0 - ((x_0 - x*) / g) g = x* for every g but 0, as an identity of polynomials in pi and g."""
    pi, g = flint.fmpq_mpoly_ctx.get(("pi", "g")).gens()
    x, x_star = (sum((c * pi**k for k, c in enumerate(n.coeffs())), 0 * pi) for n in (start, top))
    return bool(x * g - (x - x_star) * g == x_star * g)


def landing_step(function: Smooth, start: Exact, top: Exact) -> Exact | None:
    """(x_0 - x*) / f'(x_0), or None where it is no polynomial in pi; it may be negative."""
    slope = _exactly(function, start)
    return None if slope is None or slope == 0 or slope.degree() > 0 else (start - top) / slope[0]


def _exactly(function: Smooth, x: Exact) -> Exact | None:
    try:
        return function.slope(x, EXACT)
    except NotExact:
        return None


def false_convergence(function: Smooth, found: Ends, radius: Fraction, within: float) -> Array:
    """The starts with abs(x_0) <= `within` that are fixed points, and farther than `radius` from any critical point.

    f' is shown to have no zero within `radius` of them, by balls of f' and, where those are too wide, of pieces.
    """
    still = (found.starts == found.ends) & (np.abs(found.starts) <= within)
    resting = [i for i in np.flatnonzero(still).tolist() if not found.fates[found.fate[i]].period]
    return found.starts[[i for i in resting if no_critical_point(function, float(found.starts[i]), radius)]]


def no_critical_point(function: Smooth, x: float, radius: Fraction, pieces: int = 64) -> bool:
    """Whether balls of f' over pieces of [x - radius, x + radius] all exclude 0, on the same side."""
    half = flint.arb(exact.rational(radius / pieces))
    at = (flint.arb(x) + (2 * k + 1 - pieces) * half for k in range(pieces))
    signs = {(s > 0) - (s < 0) for s in (function.slope((p - half).union(p + half), BALLS) for p in at)}
    return signs in ({1}, {-1})
