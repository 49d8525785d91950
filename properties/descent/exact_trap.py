"""The trap, exactly: the first step lands on a strict local maximum, and all later ones stay there.

Where the slope at the start is a rational number, x_1 and x_2 are computed in rational multiples of pi
(`reference.descent.exact`) and equality is equality of polynomials. Where it is irrational (exp, or sin elsewhere), the
step (x_0 - x*) / g lands whatever g is: x_0 g - (x_0 - x*) g = x* g in the ring of polynomials in pi and g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint

from extremum.reference.descent import exact
from extremum.reference.descent.correct_rounding import dyadic
from extremum.reference.descent.descend import descend
from extremum.reference.descent.exact import PI, Exact, NotExact
from extremum.reference.descent.smooth import EXACT, Formula, Smooth
from extremum.reference.errors import UsageError

CHOICE_RADIUS_MAX = 1e-9  # of the ball by which the nearest maximum is chosen
SIGN_BITS = tuple(64 * 2**k for k in range(9))  # of the balls, raised until a sign is decided


@dataclass(frozen=True)
class Trap:
    """Gradient descent on `function` from `start` with the constant step size `step`, in exact arithmetic.

    Raises `UsageError` where the step is not positive, or f' is 0 at the start.
    """

    function: Smooth
    start: Exact
    step: Exact

    def __post_init__(self) -> None:
        if sign(self.step) <= 0:
            raise UsageError(
                f"step={exact.written(self.step)!r} is not positive: gradient descent needs a step above 0"
            )
        if self.slope is not None and self.slope == 0:
            raise UsageError(
                f"start={exact.written(self.start)!r} is a critical point of {self.function.text}: f' is 0"
            )
        if self.slope is None and sign_of(self.function, self.function.slope, self.start) == 0:
            raise UsageError(f"start={exact.written(self.start)!r}: f' cannot be told from 0 there")

    @cached_property
    def slope(self) -> Exact | None:
        """f'(x_0), or None where it is irrational."""
        return _exactly(self.function.slope, self.start)

    @cached_property
    def first(self) -> Exact | None:
        """x_1, or None where f'(x_0) is irrational."""
        return None if self.slope is None else self.start - self.step * self.slope

    @cached_property
    def second(self) -> Exact | None:
        """x_2, or None where it is not known."""
        if self.first is None:
            return None
        try:
            (x,) = descend(lambda x: self.function.slope(x, EXACT), self.first, [self.step])
        except NotExact:
            return None
        return x

    @cached_property
    def lands(self) -> bool | None:
        """Whether x_1 is a strict local maximum: f'(x_1) is exactly 0, and the ball of f''(x_1) lies below 0.

        Where the slope is irrational: False if the ball of x_1 holds no maximum, and None if it holds one.
        """
        if self.first is None:
            return False if self._misses() else None
        if _exactly(self.function.slope, self.first) != 0:
            return False
        return sign_of(self.function, self.function.curvature, self.first) < 0

    @cached_property
    def stays(self) -> bool | None:
        """Whether it lands and x_2 = x_1: then all later points are the same."""
        return self.second == self.first if self.lands else self.lands

    @cached_property
    def top(self) -> Exact:
        """x*: the maximum that it lands on, or else the one nearest to x_1."""
        return self.first if self.lands else nearest_maximum(self.function, self._first_ball)

    @property
    def curvature(self) -> Any:
        """f''(x*) as a ball."""
        return self.function.ball(self.function.curvature, self.top)

    @property
    def multiplier(self) -> Any:
        """1 - eps f''(x*) as a ball: how many times as far from x* each step leads, to first order."""
        return 1 - exact.ball(self.step) * self.curvature

    def _first_ball(self) -> Any:
        if self.first is not None:
            return exact.ball(self.first)
        return exact.ball(self.start) - exact.ball(self.step) * self.function.ball(self.function.slope, self.start)

    def _misses(self) -> bool:
        nearest = nearest_maximum(self.function, self._first_ball)
        return _decided(lambda: self._first_ball() - exact.ball(nearest)) != 0


def sign(x: Exact) -> int:
    """The sign of an exact number: 0 where its polynomial is 0, which no ball can show."""
    return 0 if x == 0 else _decided(lambda: exact.ball(x))


def sign_of(function: Smooth, formula: Formula, x: Exact) -> int:
    """The sign of f, f' or f'' at `x`, or 0 where balls of the highest precision leave it open."""
    return _decided(lambda: function.ball(formula, x))


def nearest_maximum(function: Smooth, ball: Callable[[], Any]) -> Exact:
    """The known maximum of the function nearest to the number that `ball()` encloses."""
    for bits in SIGN_BITS:
        with flint.ctx.workprec(bits):
            x = ball()
            if x.rad() < CHOICE_RADIUS_MAX:
                break
    with flint.ctx.workprec(bits):

        def shifted(top: Exact) -> Exact:
            if function.period is None:
                return top
            turns = dyadic(((x - exact.ball(top)) / exact.ball(function.period)).mid())
            return top + (turns + flint.fmpq(1, 2)).floor() * function.period

        return min(map(shifted, function.maxima), key=lambda top: abs(x - exact.ball(top)).mid())


def _exactly(formula: Formula, x: Exact) -> Exact | None:
    try:
        return formula(x, EXACT)
    except NotExact:
        return None


def _decided(ball: Callable[[], Any]) -> int:
    for bits in SIGN_BITS:
        with flint.ctx.workprec(bits):
            x = ball()
            if x > 0 or x < 0:
                return 1 if x > 0 else -1
    return 0


DEFAULT = ("sin", 2 * PI, 3 * PI / 2)
