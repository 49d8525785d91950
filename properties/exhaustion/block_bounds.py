"""Bounds over a whole block of an ordered domain: one evaluation in interval arithmetic, for thousands of entries.

The role's truth and error bounds are formulas that any arithmetic evaluates. Of a ball that contains all numbers of a
block they give balls that contain all values, so that their ends hold for each entry. Nearly all floats lie where a
function is flat, or saturated: there an answer that is the same throughout is compared once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import Balls

BITS = 64  # of the balls, far more than a block is narrow
ROUNDED, LEAST = 2.0**-50, 2.0**-1000  # of float64: more than an end and a difference are rounded by


class Intervals(Balls):
    """Balls that stand for all numbers which they contain; arguments are such balls already."""

    def lift(self, x: Array) -> Array:
        """The balls as they are, and floats as balls."""
        return x if x.dtype == object else super().lift(x)


INTERVALS = Intervals()


@dataclass(frozen=True)
class BlockBounds:
    """What holds for all numbers of an interval: the least that is allowed, by grade and by the role (None).

    The exact values lie between `low` and `high`, each rounded to float64; these are NaN where nothing is known.
    """

    allowed: Mapping[str | None, float]
    low: float
    high: float

    @property
    def size(self) -> float:
        """The least magnitude of an exact value."""
        return min(abs(self.low), abs(self.high)) if self.low * self.high > 0 else 0.0

    def error_of(self, answer: float) -> float:
        """What an answer to all numbers may be off at most; infinite where nothing is known."""
        error = max(abs(answer - self.low), abs(answer - self.high))
        rounded = (abs(answer) + abs(self.low) + abs(self.high)) * ROUNDED + LEAST
        return error + rounded if np.isfinite(error) else np.inf

    def least(self, grades: Collection[str]) -> float:
        """The least that is allowed by any of these grades, and by the role."""
        return min(self.allowed[name] for name in (None, *grades))


def whole_of(role: Role, fmt: Format, first: float, last: float) -> View:
    """All numbers between two, which have one sign, as one row of balls."""
    with flint.ctx.workprec(BITS):
        x = np.full((1, 1), flint.arb(first).union(flint.arb(last)), object)
    return View(role, fmt, Observation({"x": x}, np.zeros((1, 1))), INTERVALS)


def bounds_over(role: Role, prop: Property, fmt: Format, first: float, last: float) -> BlockBounds:
    """The bounds for all numbers between two, which have one sign."""
    view = whole_of(role, fmt, first, last)
    with flint.ctx.workprec(BITS):
        grades: list[tuple[str | None, Callable[[View], Any] | None]] = [(None, None), *prop.grades.items()]
        allowed = {name: view.error_bound if bound is None else bound(view) for name, bound in grades}
        exact = view.exact[0, 0]
        return BlockBounds(
            {name: _least(bound) for name, bound in allowed.items()}, float(exact.lower()), float(exact.upper())
        )


def _least(values: Any) -> float:
    ball = np.asarray(values, object).ravel()[0]
    low = float(flint.arb(ball).lower())
    return low if low > 0 else 0.0  # NaN too
