"""A whole block of an ordered domain in interval arithmetic: the role's truth of a ball that contains all its numbers.

A ball of the truth contains all exact values. That is not so of an error bound, which may decide by where a number
lies: bounds are taken number by number.
"""

from __future__ import annotations

from collections.abc import Mapping

import flint
import numpy as np

from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import Balls

BITS = 64  # of the balls, far more than a block is narrow


class Intervals(Balls):
    """Balls that stand for all numbers which they contain; arguments are such balls already."""

    def lift(self, x: Array) -> Array:
        """The balls as they are, and floats as balls."""
        return x if x.dtype == object else super().lift(x)


INTERVALS = Intervals()


def whole_of(role: Role, fmt: Format, first: float, last: float, others: Mapping[str, float]) -> View:
    """All numbers between two, which have one sign, as one row of balls, beside the other arguments."""
    with flint.ctx.workprec(BITS):
        x = np.full((1, 1), flint.arb(first).union(flint.arb(last)), object)
        beside = {name: np.full((1, 1), flint.arb(number), object) for name, number in others.items()}
    return View(role, fmt, Observation({"x": x, **beside}, np.zeros((1, 1))), INTERVALS)
