"""The exact gelu and its derivative, by the normal distribution Phi, as formulas that any arithmetic evaluates.

Phi(-v) is phi(v) times the ratio of Mills at v, and Phi(v) is 1 less that: both keep their relative accuracy.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import flint

from extremum.reference.arithmetic.wide import Arithmetic
from extremum.reference.truth import Truth
from extremum.reference.truth.logistic import Arguments, Logistic


class Gaussian(Logistic):
    """Entries x, and what is computed from them: `large` is Phi(abs(x)), `small` 1 less that, s is Phi(x)."""

    @cached_property
    def density(self) -> Any:
        """phi(x) = exp(-x**2 / 2) / sqrt(2 pi)."""
        return self.arithmetic.bell(self.x) * self.arithmetic.real(peak)

    @cached_property
    def ratio(self) -> Any:
        """Phi(-abs(x)) / phi(x)."""
        return self.arithmetic.mills(self.size)

    @cached_property
    def small(self) -> Any:
        """Phi(-abs(x))."""
        return self.density * self.ratio

    @cached_property
    def large(self) -> Any:
        """Phi(abs(x))."""
        return -self.small + 1.0


def peak() -> Any:
    """1 / sqrt(2 pi)."""
    return 1 / (2 * flint.arb.pi()).sqrt()


def gelu(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """x Phi(x)."""
    parts = Gaussian(arguments, arithmetic)
    return Truth(parts.x * parts.s, parts)


def gelu_vjp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """g (Phi(x) + x phi(x)): no relative error near x = -0.752, where the sum is 0."""
    parts = Gaussian(arguments, arithmetic)
    return Truth(parts.g * (parts.x * parts.density + parts.s), parts)
