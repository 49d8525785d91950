"""The exact logistic sigmoid and its parts, as formulas that any arithmetic evaluates, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import Arithmetic, choose
from extremum.reference.truth import Truth

Arguments = Mapping[str, Array]


class Logistic:
    """Entries x, and what is computed from them, each part when it is first asked for: e is exp(-abs(x)) <= 1."""

    def __init__(self, x: Array, arithmetic: Arithmetic) -> None:
        self.arithmetic = arithmetic
        self.positive = np.asarray(x >= 0)
        self.below = arithmetic.lift(-np.abs(x))

    @cached_property
    def e(self) -> Any:
        """exp(-abs(x))."""
        return self.arithmetic.exp(self.below)

    @cached_property
    def large(self) -> Any:
        """1 / (1 + e), the sigmoid of abs(x)."""
        return (self.e * 0.0 + 1.0) / (self.e + 1.0)

    @cached_property
    def small(self) -> Any:
        """e / (1 + e), the sigmoid of -abs(x), which keeps the digits that 1 - `large` loses."""
        return self.e / (self.e + 1.0)

    @cached_property
    def s(self) -> Any:
        """sigmoid(x)."""
        return choose(self.positive, self.large, self.small)

    @cached_property
    def opposite(self) -> Any:
        """sigmoid(-x) = 1 - sigmoid(x)."""
        return choose(self.positive, self.small, self.large)

    @cached_property
    def depth(self) -> Any:
        """-log sigmoid(x) >= 0, capped where the sigmoid is 0."""
        gained = self.arithmetic.log1p(self.e)
        return choose(self.positive, gained, gained - self.arithmetic.capped(self.below))


def sigmoid(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """1 / (1 + exp(-x))."""
    parts = Logistic(arguments["x"], arithmetic)
    return Truth(parts.s, parts)
