"""The exact hyperbolic tangent and its derivative, as formulas that any arithmetic evaluates, entry by entry."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from extremum.reference.arithmetic.wide import Arithmetic
from extremum.reference.truth import Truth
from extremum.reference.truth.logistic import Arguments, Logistic


class Hyperbolic(Logistic):
    """The parts for t = 2 x, of which tanh(x) is sigmoid(t) - sigmoid(-t)."""

    @cached_property
    def below(self) -> Any:
        """-abs(t)."""
        return self.size * -2.0

    @cached_property
    def tanh(self) -> Any:
        """tanh(x), which near 0 keeps the digits that a difference loses: -expm1(-2 abs(x)) / (1 + exp(-2 abs(x)))."""
        return self.signed(-self.arithmetic.expm1(self.below) / (self.e + 1.0))

    @cached_property
    def direction(self) -> Any:
        """1 of the sign of x."""
        return self.signed(self.one)

    @cached_property
    def slope(self) -> Any:
        """1 - tanh(x)**2, as 4 S S'."""
        return self.large * self.small * 4.0


def tanh(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """tanh(x)."""
    parts = Hyperbolic(arguments, arithmetic)
    return Truth(parts.tanh, parts)


def tanh_vjp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """g (1 - tanh(x)**2)."""
    parts = Hyperbolic(arguments, arithmetic)
    return Truth(parts.g * parts.slope, parts)
