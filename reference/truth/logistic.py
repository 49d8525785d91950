"""The exact logistic sigmoid and the functions that people make of it, as formulas that any arithmetic evaluates.

All are by entry: the sigmoid, its logarithm, softplus, silu and the tanh form of gelu, their products with a cotangent
`g`, and binary cross-entropy with logits. Each is a sum of terms of one sign wherever it has a relative error bound, so
that it keeps nearly all digits of the arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import flint
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import Arithmetic, choose
from extremum.reference.truth import RELATIVE, Columns, Truth

Arguments = Mapping[str, Array]
EXPONENT_OFF = 2.0**-50  # times t: what e**t is off, relatively, where t is off by seven roundings


class Logistic:
    """Entries, and what is computed from them, each part when it is first asked for: e is exp(-abs(t)) <= 1.

    s is sigmoid(t), for t the argument `x` itself or, of gelu by tanh, a function of its sign. `g` and `y` are the
    other arguments of a role, where it has them.
    """

    def __init__(self, arguments: Arguments, arithmetic: Arithmetic) -> None:
        self.arguments, self.arithmetic = arguments, arithmetic
        self.positive = np.asarray(arguments["x"] >= 0)

    @cached_property
    def x(self) -> Any:
        """The argument."""
        return self.arithmetic.lift(self.arguments["x"])

    @cached_property
    def size(self) -> Any:
        """abs(x)."""
        return abs(self.x)

    @cached_property
    def g(self) -> Any:
        """The cotangent."""
        return self.arithmetic.lift(self.arguments["g"])

    @cached_property
    def y(self) -> Any:
        """The target."""
        return self.arithmetic.lift(self.arguments["y"])

    @cached_property
    def one(self) -> Any:
        """1, entry by entry."""
        return self.x * 0.0 + 1.0

    @cached_property
    def none(self) -> Any:
        """0, entry by entry."""
        return self.x * 0.0

    def signed(self, values: Any) -> Any:
        """Those of the positive entries as they are, of the negative ones negated."""
        return choose(self.positive, values, -values)

    @cached_property
    def below(self) -> Any:
        """-abs(t)."""
        return -self.size

    @cached_property
    def e(self) -> Any:
        """exp(-abs(t))."""
        return self.arithmetic.exp(self.below)

    @cached_property
    def large(self) -> Any:
        """1 / (1 + e), the sigmoid of abs(t), as 1 less that of -abs(t): nothing cancels, since that is 1/2 at most."""
        return -self.small + 1.0

    @cached_property
    def small(self) -> Any:
        """e / (1 + e), the sigmoid of -abs(t), which keeps the digits that 1 - `large` loses."""
        return self.e / (self.e + 1.0)

    @cached_property
    def s(self) -> Any:
        """sigmoid(t)."""
        return choose(self.positive, self.large, self.small)

    @cached_property
    def opposite(self) -> Any:
        """sigmoid(-t) = 1 - sigmoid(t)."""
        return choose(self.positive, self.small, self.large)

    @cached_property
    def gained(self) -> Any:
        """log(1 + e), which is softplus(-abs(t))."""
        return self.arithmetic.log1p(self.e)

    @cached_property
    def depth(self) -> Any:
        """-log sigmoid(t) >= 0, capped where the sigmoid is 0."""
        return choose(self.positive, self.gained, self.gained - self.arithmetic.capped(self.below))

    @cached_property
    def softplus(self) -> Any:
        """log(1 + exp(x))."""
        return choose(self.positive, self.size + self.gained, self.gained)

    @cached_property
    def log_s(self) -> Any:
        """log sigmoid(x)."""
        return -choose(self.positive, self.gained, self.size + self.gained)


class Cubic(Logistic):
    """The parts for t = 2 p, with p = sqrt(2 / pi) (x + 0.044715 x**3), of which gelu by tanh is x sigmoid(t)."""

    @cached_property
    def reach(self) -> Any:
        """-abs(x), capped where the sigmoid is 0 or 1 long since: a cube would leave the range."""
        return self.arithmetic.capped(-self.size)

    @cached_property
    def below(self) -> Any:
        """-abs(t)."""
        v = self.reach
        return (v * v * v * self.arithmetic.real(cubed) + v) * self.arithmetic.real(twice_root)

    @cached_property
    def off(self) -> Any:
        """What a screen's sigmoid(t) may be off, relatively: t is rounded in seven places, by 2**-53 of it at most."""
        return self.below * self.opposite * -EXPONENT_OFF + RELATIVE

    @cached_property
    def slope(self) -> Any:
        """abs(x) dt/dx, with abs(x) capped as `reach` is."""
        v = -self.reach
        return (v * v * v * self.arithmetic.real(cubed) * 3.0 + v) * self.arithmetic.real(twice_root)


def cubed() -> Any:
    """0.044715, as the paper has it: Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415."""
    return flint.arb("0.044715")


def twice_root() -> Any:
    """2 sqrt(2 / pi)."""
    return (8 / flint.arb.pi()).sqrt()


def sigmoid(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """1 / (1 + exp(-x))."""
    parts = Logistic(arguments, arithmetic)
    return Truth(parts.s, parts)


def softplus(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """log(1 + exp(x))."""
    parts = Logistic(arguments, arithmetic)
    return Truth(parts.softplus, parts)


def log_sigmoid(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """log sigmoid(x)."""
    parts = Logistic(arguments, arithmetic)
    return Truth(parts.log_s, parts)


def silu(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """x sigmoid(x)."""
    parts = Logistic(arguments, arithmetic)
    return Truth(parts.x * parts.s, parts)


def gelu_tanh(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """x sigmoid(2 p), which is x (1 + tanh p) / 2."""
    parts = Cubic(arguments, arithmetic)
    value = parts.x * parts.s
    return Truth(value, parts, lambda columns: (abs(value) * parts.off)[:, columns])


def sigmoid_vjp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """g s (1 - s)."""
    parts = Logistic(arguments, arithmetic)
    return Truth(parts.g * (parts.s * parts.opposite), parts)


def softplus_vjp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """g sigmoid(x)."""
    parts = Logistic(arguments, arithmetic)
    return Truth(parts.g * parts.s, parts)


def log_sigmoid_vjp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """g sigmoid(-x)."""
    parts = Logistic(arguments, arithmetic)
    return Truth(parts.g * parts.opposite, parts)


def silu_vjp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """g s (1 + x s'), with s' = sigmoid(-x): no relative error near x = -1.278, where the sum is 0."""
    parts = Logistic(arguments, arithmetic)
    return Truth(parts.g * (parts.s * (parts.x * parts.opposite + 1.0)), parts)


def gelu_tanh_vjp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """g S (1 + x t' S'), with S = sigmoid(t) and S' = sigmoid(-t)."""
    parts = Cubic(arguments, arithmetic)
    bent = parts.slope * parts.opposite

    def off(columns: Columns) -> Any:
        # The derivative of S (1 + b S') is S S' (1 + b S') - b S S S', in size at most S (S' + 2 b S').
        by_t = parts.below * -EXPONENT_OFF * (parts.opposite + bent * 2.0)
        return (abs(parts.g) * parts.s * (by_t + (bent * 2.0 + 1.0) * RELATIVE))[:, columns]

    return Truth(parts.g * (parts.s * (parts.signed(bent) + 1.0)), parts, off)


def bce_with_logits(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """softplus(x) - x y, as a sum of what is not negative: log(1 + e), and abs(x) times 1 - y or y."""
    parts = Logistic(arguments, arithmetic)
    missed = choose(parts.positive, -parts.y + 1.0, parts.y)
    return Truth(parts.size * missed + parts.gained, parts)


def bce_with_logits_gradient(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """sigmoid(x) - y, or (1 - y) - sigmoid(-x) where y is 1/2 or more."""
    parts = Logistic(arguments, arithmetic)
    upper = np.asarray(arguments["y"] >= 0.5)
    return Truth(choose(upper, (-parts.y + 1.0) - parts.opposite, parts.s - parts.y), parts)
