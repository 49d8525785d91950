"""Gradient descent in floating point: its orbit in any binary format, and how the orbit ends.

An orbit is x_{k+1} = fl(x_k - fl(eps * fl(f'(x_k)))) with x_0 and eps the floats nearest to the exact ones, and every
fl a correct rounding to nearest even: of f' of a float, of a product of two floats, and of a difference. Such an orbit
is the same on every machine; one that evaluates f' within an ulp may part from it once an error has grown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import flint

from extremum.properties.descent.exact_trap import Trap, sign
from extremum.reference.descent import exact
from extremum.reference.descent.correct_rounding import OutOfRange, Rational, Rounding
from extremum.reference.descent.exact import Exact, NotExact, number
from extremum.reference.descent.smooth import BALLS, EXACT, Smooth
from extremum.reference.errors import UsageError

ESCAPE_DISTANCE = flint.fmpq(1, 10)  # an orbit has left x* once abs(x_k - x*) exceeds it
STEPS_FOLLOWED = 10_000


@dataclass(frozen=True)
class Fate:
    """How an orbit ends: `kind`, and the period where it is a cycle."""

    kind: str
    period: int = 0

    def __str__(self) -> str:
        return f"{self.kind} of period {self.period}" if self.period else self.kind


MINIMUM = Fate("settles at a minimum")
MAXIMUM = Fate("settles at a maximum")
FIXED = Fate("settles on a rounding fixed point")
WANDERS = Fate("wanders")
UNFINISHED = Fate("incomplete")
LEAVES = Fate("leaves the range")
LAST_POINTS = 64  # of an orbit, that show whether it still goes in one direction


@dataclass(frozen=True)
class Orbit:
    """x_0, x_1 ... as rationals, up to the first point that repeats an earlier one, that of index `again`.

    `again` is None where no point repeats. `step` is eps in the format. An orbit that `overflowed` ends before its
    first infinity.
    """

    rounding: Rounding
    step: Rational
    points: Sequence[Rational]
    again: int | None = None
    overflowed: bool = False

    def distance(self, k: int, top: Exact) -> Exact:
        """abs(x_k - x*), exactly."""
        d = number(self.points[k]) - top
        return d if sign(d) >= 0 else -d

    def escapes_after(self, top: Exact) -> int | None:
        """The first k >= 1 with abs(x_k - x*) > 1/10, or None where there is none in the orbit."""
        beyond = (k for k in range(1, len(self.points)) if sign(self.distance(k, top) - number(ESCAPE_DISTANCE)) > 0)
        return next(beyond, None)


def follow(trap: Trap, rounding: Rounding, steps: int = STEPS_FOLLOWED) -> Orbit:
    """The orbit of `trap` in a format, until a number comes again, overflows, or `steps` steps are taken.

    Raises `UsageError` where the start or the step itself is beyond the range of the format.
    """
    x, eps = _within("start", trap.start, rounding), _within("step", trap.step, rounding)
    if eps == 0:
        raise UsageError(
            f"step={exact.written(trap.step)!r} is 0 in {rounding.name}: choose others with --dtype or --bits"
        )
    points, seen = [x], {x: 0}
    try:
        for k, y in enumerate(islice(iterates(trap.function, x, eps, rounding), steps), 1):
            points.append(y)
            if y in seen:
                return Orbit(rounding, eps, points, again=seen[y])
            seen[y] = k
    except OutOfRange:
        return Orbit(rounding, eps, points, overflowed=True)
    return Orbit(rounding, eps, points)


def iterates(function: Smooth, x: Rational, eps: Rational, rounding: Rounding) -> Iterator[Rational]:
    """x_1, x_2 ... without end; raises `OutOfRange` for the first that is infinite."""
    while True:
        x = rounding.nearest(x - rounding.nearest(eps * slope(function, x, rounding)))
        yield x


def slope(function: Smooth, x: Rational, rounding: Rounding) -> Rational:
    """f'(x), correctly rounded: from the exact value where it is rational, as of a polynomial; else from a ball."""
    return _rounded(
        lambda: exact.constant(function.slope(number(x), EXACT)),
        lambda: function.slope(flint.arb(x), BALLS),
        rounding,
    )


def rounded(x: Exact, rounding: Rounding) -> Rational:
    """The float nearest to an exact number."""
    return _rounded(lambda: exact.constant(x), lambda: exact.ball(x), rounding)


def _within(name: str, x: Exact, rounding: Rounding) -> Rational:
    try:
        return rounded(x, rounding)
    except OutOfRange as error:
        raise UsageError(f"{name}={exact.written(x)!r} is {error}: choose others with --dtype or --bits") from None


def _rounded(rational: Callable[[], Rational], ball: Callable[[], Any], rounding: Rounding) -> Rational:
    try:
        value = rational()
    except NotExact:
        return rounding.enclosed(ball)
    return rounding.nearest(value)


def fate(function: Smooth, orbit: Orbit) -> Fate:
    """How the orbit ends. One without a repeated point or an overflow wanders, as far as it was followed.

    If it went in one direction to the last, it is still on its way: it is incomplete.
    """
    if orbit.overflowed:
        return LEAVES
    if orbit.again is None:
        last = orbit.points[-LAST_POINTS:]
        moves = {sign(number(y) - number(x)) for x, y in pairwise(last)}
        return UNFINISHED if len(moves) == 1 else WANDERS
    period = len(orbit.points) - 1 - orbit.again
    return Fate("cycle", period) if period > 1 else at_rest(function, orbit.points[-1], orbit.rounding)


def at_rest(function: Smooth, x: Rational, rounding: Rounding) -> Fate:
    """What a fixed point is: a maximum or a minimum if f has one between the two floats next to `x`.

    The signs of f' at the two floats show it, with one sign of f'' between them: there is exactly one critical point.
    Everything else is a fixed point of the rounding alone.
    """
    with flint.ctx.workprec(2 * rounding.precision + 64):
        low, high = (flint.arb(end) for end in rounding.neighbours(x))
        bend = function.curvature(low.union(high), BALLS)
        before, after = function.slope(low, BALLS), function.slope(high, BALLS)
    if bend < 0 and before > 0 and after < 0:
        return MAXIMUM
    if bend > 0 and before < 0 and after > 0:
        return MINIMUM
    return FIXED
