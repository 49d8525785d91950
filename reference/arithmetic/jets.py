"""Jets: numbers with a directional derivative, in exact numbers or in balls, which a user's own f is evaluated on.

A function of NumPy arrays takes an object array of jets as it takes floats: the operators are those of the jets, and
np.exp, np.log and their like call the method of that name. Rationals are exact, and know no exp; `exponentials` know
that; balls (Arb) enclose. A jet never becomes a float by itself, so that no rounding slips in: whatever needs one
raises TypeError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import flint
import numpy as np

from extremum.reference.arithmetic.exact_functions import Jets
from extremum.reference.arithmetic.formats import Array

SHORT = 2**20  # significands of constants that are taken for what they say


class Undecided(ArithmeticError):
    """A comparison that the balls do not decide, or a kink: where f need not be differentiable."""


def _operator(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator of a jet, which leaves arrays to NumPy: it applies the operator to each entry."""

    @wraps(method)
    def operate(self: Any, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else method(self, other)

    return operate


@dataclass
class Evaluation:
    """What the jets of one evaluation share: the floats that met them and are in all likelihood rounded (0.1, pi)."""

    long_constants: list[float] = field(default_factory=list)


class Jet:
    """A value and its derivative along a direction: two `flint.fmpq`, two `Exponential`, or two `flint.arb`.

    Floats, integers and rationals that meet a jet are taken without error. Raises `Undecided` where a comparison is of
    overlapping balls, or of equal values with different derivatives. What comes of a jet is of its evaluation.
    """

    __slots__ = ("evaluation", "slope", "value")

    def __init__(self, value: Any, slope: Any, evaluation: Evaluation | None = None) -> None:
        self.value, self.slope = value, slope
        self.evaluation = Evaluation() if evaluation is None else evaluation

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        given = [np.asarray(a, object).view(Jets) if isinstance(a, Jet) else a for a in inputs]
        out = getattr(ufunc, method)(*given, **keywords)
        return out[()] if isinstance(out, np.ndarray) and not out.ndim else out

    def _new(self, value: Any, slope: Any) -> Jet:
        return Jet(value, slope, self.evaluation)

    def _of(self, other: Any) -> Jet:
        if isinstance(other, Jet):
            return other
        return self._new(self._number(other), self._number(0))

    def _number(self, other: Any) -> Any:
        kind = type(self.value)
        if isinstance(other, (kind, flint.fmpq)):
            exact = other
        elif isinstance(other, (bool, np.bool_, int, np.integer)):
            exact = flint.fmpq(int(other))
        elif isinstance(other, (float, np.floating)) and np.isfinite(other):
            exact = flint.fmpq(*float(other).as_integer_ratio())
            if abs(int(exact.p)) > SHORT:
                self.evaluation.long_constants.append(float(other))
        else:
            raise TypeError(f"{type(other).__name__} is no number that a jet can be joined with")
        return exact if isinstance(exact, kind) else kind(exact)

    @_operator
    def __add__(self, other: Any) -> Jet:
        b = self._of(other)
        return self._new(self.value + b.value, self.slope + b.slope)

    @_operator
    def __sub__(self, other: Any) -> Jet:
        b = self._of(other)
        return self._new(self.value - b.value, self.slope - b.slope)

    @_operator
    def __rsub__(self, other: Any) -> Jet:
        return self._of(other) - self

    @_operator
    def __mul__(self, other: Any) -> Jet:
        b = self._of(other)
        return self._new(self.value * b.value, self.slope * b.value + self.value * b.slope)

    @_operator
    def __truediv__(self, other: Any) -> Jet:
        b = self._of(other)
        quotient = self.value / b.value
        return self._new(quotient, (self.slope - quotient * b.slope) / b.value)

    @_operator
    def __rtruediv__(self, other: Any) -> Jet:
        return self._of(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Jet:
        return self._new(-self.value, -self.slope)

    def __pos__(self) -> Jet:
        return self

    def __abs__(self) -> Jet:
        return self if self > 0 else -self

    @_operator
    def __pow__(self, power: Any) -> Jet:
        if not isinstance(power, Jet) and power == int(power) and abs(power) < 2**10:
            k = int(power)
            if k == 0:
                return self._of(1)
            return self._new(self.value**k, self.slope * self._number(k) * self.value ** (k - 1))
        return (self._of(power) * self.log()).exp()

    @_operator
    def __rpow__(self, base: Any) -> Jet:
        return (self * self._of(base).log()).exp()

    def _difference(self, other: Any) -> Any:
        """A number with the sign of self - other; raises `Undecided`."""
        b = self._of(other)
        gap = self.value - b.value
        if bool(gap > 0) or bool(gap < 0):
            return gap
        if bool(gap == 0) and bool(self.slope == b.slope):
            return gap
        raise Undecided("a comparison is not decided: f may have a kink there")

    def __lt__(self, other: Any) -> bool:
        return bool(self._difference(other) < 0)

    def __le__(self, other: Any) -> bool:
        return bool(self._difference(other) <= 0)

    def __gt__(self, other: Any) -> bool:
        return bool(self._difference(other) > 0)

    def __ge__(self, other: Any) -> bool:
        return bool(self._difference(other) >= 0)

    def __eq__(self, other: object) -> bool:
        return bool(self._difference(other) == 0)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def _through(self, f: Callable[[Any], Any], derivative: Callable[[Any, Any], Any]) -> Jet:
        if isinstance(self.value, flint.fmpq):
            raise TypeError("the value need not be rational")
        y = f(self.value)
        return self._new(y, self.slope * derivative(self.value, y))

    def conjugate(self) -> Jet:
        """Itself: it is real."""
        return self

    def exp(self) -> Jet:
        """The exponential."""
        return self._through(lambda v: v.exp(), lambda _, y: y)

    def expm1(self) -> Jet:
        """exp less 1."""
        return self._through(flint.arb.expm1, lambda _, y: y + 1)

    def log(self) -> Jet:
        """The natural logarithm."""
        return self._through(flint.arb.log, lambda v, _: 1 / v)

    def log1p(self) -> Jet:
        """The logarithm of 1 more."""
        return self._through(flint.arb.log1p, lambda v, _: 1 / (v + 1))

    def log2(self) -> Jet:
        """The logarithm to base 2."""
        return self.log() / self._of(2).log()

    def log10(self) -> Jet:
        """The logarithm to base 10."""
        return self.log() / self._of(10).log()

    def exp2(self) -> Jet:
        """The power of 2."""
        return (self * self._of(2).log()).exp()

    def sqrt(self) -> Jet:
        """The square root."""
        return self._through(flint.arb.sqrt, lambda _, y: 1 / (2 * y))

    def sin(self) -> Jet:
        """The sine."""
        return self._through(flint.arb.sin, lambda v, _: v.cos())

    def cos(self) -> Jet:
        """The cosine."""
        return self._through(flint.arb.cos, lambda v, _: -v.sin())

    def tan(self) -> Jet:
        """The tangent."""
        return self._through(flint.arb.tan, lambda _, y: 1 + y * y)

    def sinh(self) -> Jet:
        """The hyperbolic sine."""
        return self._through(flint.arb.sinh, lambda v, _: v.cosh())

    def cosh(self) -> Jet:
        """The hyperbolic cosine."""
        return self._through(flint.arb.cosh, lambda v, _: v.sinh())

    def tanh(self) -> Jet:
        """The hyperbolic tangent."""
        return self._through(flint.arb.tanh, lambda _, y: 1 - y * y)

    def erf(self) -> Jet:
        """The error function."""
        return self._through(flint.arb.erf, lambda v, _: 2 * (-v * v).exp() / flint.arb.pi().sqrt())

    def arctan(self) -> Jet:
        """The inverse of the tangent."""
        return self._through(flint.arb.atan, lambda v, _: 1 / (1 + v * v))

    def arcsin(self) -> Jet:
        """The inverse of the sine."""
        return self._through(flint.arb.asin, lambda v, _: 1 / (1 - v * v).sqrt())

    def arccos(self) -> Jet:
        """The inverse of the cosine."""
        return self._through(flint.arb.acos, lambda v, _: -1 / (1 - v * v).sqrt())

    def arcsinh(self) -> Jet:
        """The inverse of the hyperbolic sine."""
        return self._through(flint.arb.asinh, lambda v, _: 1 / (1 + v * v).sqrt())


def jets(values: list[Any], slopes: list[Any], evaluation: Evaluation | None = None) -> Array:
    """An array of jets of one evaluation, shape (n,)."""
    shared = Evaluation() if evaluation is None else evaluation
    array = np.empty(len(values), object)
    array[:] = [Jet(value, slope, shared) for value, slope in zip(values, slopes, strict=True)]
    return array.view(Jets)
