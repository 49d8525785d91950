"""The exact gradients of linear and quadratic functions, as formulas that any arithmetic evaluates.

Every finite float is a dyadic rational, and the gradients are polynomials in the arguments: in `RATIONALS` they are
exact. Each truth takes the arguments of its role as rows: matrices `A` (rows, n, n) and `B` (rows, m, n), vectors
`w`, `x` (rows, n) and `c` (rows, m), all finite. The parts of a truth are what bounds are made of. Quantities
that a screen needs for a whole matrix are computed a few rows at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import Arithmetic, held_wide
from extremum.reference.truth import Columns, Truth

Arguments = Mapping[str, Array]
Formula = Callable[[Arguments, Arithmetic], Truth]
ALL_COLUMNS: Columns = slice(None)


class Linear:
    """f(x) = <w, x>."""

    def __init__(self, arguments: Arguments, arithmetic: Arithmetic) -> None:
        self.w, self.arithmetic = arguments["w"], arithmetic

    def gradient(self, columns: Columns = ALL_COLUMNS) -> Any:
        """w."""
        return self.arithmetic.lift(self.w[:, columns])

    def sum_of_magnitudes(self, columns: Columns = ALL_COLUMNS) -> Any:
        """abs(w)."""
        return self.arithmetic.lift(np.abs(self.w[:, columns]))

    def value(self, x: Any) -> Any:
        """f at vectors `x` (rows, n) of the arithmetic, shape (rows, 1)."""
        return self.arithmetic.total(self.arithmetic.lift(self.w) * x)


class Quadratic(ABC):
    """What `Form` and `Squares` share. Bounds and grades ask for `sum_of_magnitudes`: that of whole rows is kept."""

    def sum_of_magnitudes(self, columns: Columns = ALL_COLUMNS) -> Any:
        """The sum of the magnitudes of all terms of the gradient."""
        return self._sizes[:, columns] if isinstance(columns, slice) else self._reach(columns)

    @cached_property
    def _sizes(self) -> Any:
        return self._reach(ALL_COLUMNS)

    @abstractmethod
    def _reach(self, columns: Columns) -> Any: ...


class Form(Quadratic):
    """f(x) = <x, A x>."""

    def __init__(self, arguments: Arguments, arithmetic: Arithmetic) -> None:
        self.A, self.x, self.arithmetic = held_wide(arguments["A"]), arguments["x"], arithmetic

    def gradient(self, columns: Columns = ALL_COLUMNS) -> Any:
        """(A + A^T) x."""
        return self._both(self.A, self.arithmetic.lift(self.x), columns)

    def _reach(self, columns: Columns) -> Any:  # (abs(A) + abs(A^T)) abs(x)
        return self._both(np.abs(self.A), self.arithmetic.lift(np.abs(self.x)), columns)

    def value(self, x: Any) -> Any:
        """f at vectors `x` (rows, n) of the arithmetic, shape (rows, 1)."""
        return self.arithmetic.total(self.arithmetic.product(self.A, x) * x)

    def _both(self, A: Array, x: Any, columns: Columns) -> Any:
        return self.arithmetic.product(A[:, columns], x) + self.arithmetic.product(_transposed(A)[:, columns], x)


class Squares(Quadratic):
    """f(x) = norm(B x - c)^2, with c = 0 where there is none."""

    def __init__(self, arguments: Arguments, arithmetic: Arithmetic) -> None:
        self.B, self.x, self.arithmetic = held_wide(arguments["B"]), arguments["x"], arithmetic
        self.c = arguments.get("c", np.zeros(self.B.shape[:2], self.x.dtype))

    @cached_property
    def residual(self) -> Any:
        """B x - c, shape (rows, m)."""
        return self._residual(self.arithmetic.lift(self.x))

    @cached_property
    def size(self) -> Any:
        """abs(B) abs(x) + abs(c), shape (rows, m): what the residual is the difference of."""
        x, c = (self.arithmetic.lift(np.abs(a)) for a in (self.x, self.c))
        return self.arithmetic.product(self.abs_B, x) + c

    @cached_property
    def abs_B(self) -> Array:  # noqa: N802
        """The magnitudes of B."""
        return np.abs(self.B)

    def gradient(self, columns: Columns = ALL_COLUMNS) -> Any:
        """2 B^T (B x - c)."""
        return self.back(self.B, self.residual, columns)

    def _reach(self, columns: Columns) -> Any:  # 2 abs(B^T) (abs(B) abs(x) + abs(c))
        return self.back(self.abs_B, self.size, columns)

    def back(self, B: Array, r: Any, columns: Columns) -> Any:
        """2 B^T r."""
        return self.arithmetic.product(_transposed(B)[:, columns], r) * self.arithmetic.constant(2.0)

    def value(self, x: Any) -> Any:
        """f at vectors `x` (rows, n) of the arithmetic, shape (rows, 1)."""
        r = self._residual(x)
        return self.arithmetic.total(r * r)

    def _residual(self, x: Any) -> Any:
        return self.arithmetic.product(self.B, x) - self.arithmetic.lift(self.c)


def _truth_of(function: Callable[[Arguments, Arithmetic], Linear | Form | Squares]) -> Formula:
    def truth(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
        parts = function(arguments, arithmetic)
        return Truth(parts.gradient, parts)

    return truth


inner_product_gradient = _truth_of(Linear)
quadratic_form_gradient = _truth_of(Form)
squares_gradient = _truth_of(Squares)


def _transposed(A: Array) -> Array:
    return np.swapaxes(A, 1, 2)
