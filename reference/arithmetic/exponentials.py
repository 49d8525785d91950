"""Numbers made of exponentials: quotients of sums of q exp(r) with rational q and r, in which equality is decided.

Softmax of rational numbers is such a quotient. Exponentials of distinct rationals are linearly independent over the
rationals (Lindemann and Weierstrass 1885), so that two sums are the same number only where they are the same sum: what
holds of these numbers holds exactly, without a tolerance, and what does not is refuted.
A formula of NumPy arrays takes an object array of them as it takes floats; np.exp calls the method of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

import flint
import numpy as np

from extremum.reference.arithmetic.formats import Array

Sum = Mapping[Any, Any]  # exponent to coefficient, both flint.fmpq; no coefficient is 0
ZERO, ONE = flint.fmpq(0), flint.fmpq(1)
UNIT: Sum = {ZERO: ONE}
PRECISIONS = tuple(64 * 2**k for k in range(12))  # bits of the balls, raised until a sign is decided


def _operator(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator, which leaves arrays to NumPy: it applies the operator to each entry."""

    @wraps(method)
    def operate(self: Any, other: Any) -> Any:
        if not isinstance(other, (Exponential, int, np.integer, flint.fmpq, flint.fmpz)):
            return NotImplemented
        return method(self, other if isinstance(other, Exponential) else Exponential(other))

    return operate


class Exponential:
    """A quotient of two sums of exponentials; made of a rational number, and of others by + - * / and exp.

    It never becomes a float by itself: whatever needs one raises TypeError. Division by 0 raises ZeroDivisionError.
    """

    __slots__ = ("bottom", "top")

    def __init__(self, number: Any, top: Sum | None = None, bottom: Sum = UNIT) -> None:
        q = flint.fmpq(int(number) if isinstance(number, np.integer) else number)
        self.top: Sum = ({ZERO: q} if q != 0 else {}) if top is None else top
        self.bottom = bottom

    @_operator
    def __add__(self, other: Exponential) -> Exponential:
        if self.bottom == other.bottom:
            return Exponential(0, _added(self.top, other.top), self.bottom)
        crossed = _added(_product(self.top, other.bottom), _product(other.top, self.bottom))
        return Exponential(0, crossed, _product(self.bottom, other.bottom))

    @_operator
    def __mul__(self, other: Exponential) -> Exponential:
        return Exponential(0, _product(self.top, other.top), _product(self.bottom, other.bottom))

    @_operator
    def __truediv__(self, other: Exponential) -> Exponential:
        if not other.top:
            raise ZeroDivisionError("division of exponentials by 0")
        if self.bottom == other.bottom:
            return Exponential(0, self.top, other.top)
        return Exponential(0, _product(self.top, other.bottom), _product(self.bottom, other.top))

    @_operator
    def __sub__(self, other: Exponential) -> Exponential:
        return self + -other

    @_operator
    def __rsub__(self, other: Exponential) -> Exponential:
        return other + -self

    @_operator
    def __rtruediv__(self, other: Exponential) -> Exponential:
        return other / self

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Exponential:
        return Exponential(0, {r: -q for r, q in self.top.items()}, self.bottom)

    def exp(self) -> Exponential:
        """The exponential of a rational number; raises TypeError for any other."""
        return Exponential(0, {self.rational(): ONE})

    def rational(self) -> Any:
        """The number as `flint.fmpq`; raises TypeError where an exponential is in it."""
        if not self.top:
            return ZERO
        r, q = next(iter(self.top.items()))
        ratio = q / self.bottom.get(r, ONE)
        if {k: ratio * v for k, v in self.bottom.items()} != self.top:
            raise TypeError("an exponential is in it: it is not rational")
        return ratio

    def sign(self) -> int:
        """The sign: 0 only where the sum is empty, which no ball can show."""
        return _sign(self.top) * _sign(self.bottom)

    @_operator
    def __lt__(self, other: Exponential) -> bool:
        return (self - other).sign() < 0

    @_operator
    def __le__(self, other: Exponential) -> bool:
        return (self - other).sign() <= 0

    @_operator
    def __gt__(self, other: Exponential) -> bool:
        return (self - other).sign() > 0

    @_operator
    def __ge__(self, other: Exponential) -> bool:
        return (self - other).sign() >= 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Exponential, int, flint.fmpq)):
            return NotImplemented
        b = other if isinstance(other, Exponential) else Exponential(other)
        return _product(self.top, b.bottom) == _product(b.top, self.bottom)

    __hash__ = None  # type: ignore[assignment]

    def ball(self) -> Any:
        """The number as a `flint.arb`, at the current precision."""
        return _ball(self.top) / _ball(self.bottom)

    def __str__(self) -> str:
        """The rational number, or six digits."""
        try:
            return str(self.rational())
        except TypeError:
            return str(self.ball().str(6, radius=False))


def exponentials(row: Iterable[Any]) -> Array:
    """Rational numbers as an object array of `Exponential`, shape (n,)."""
    numbers = [Exponential(q) for q in row]
    values = np.empty(len(numbers), object)
    values[:] = numbers
    return values


def _added(a: Sum, b: Sum) -> Sum:
    total = dict(a)
    for r, q in b.items():
        total[r] = total.get(r, ZERO) + q
    return {r: q for r, q in total.items() if q != 0}


def _product(a: Sum, b: Sum) -> Sum:
    if a is UNIT or b is UNIT:
        return b if a is UNIT else a
    total: dict[Any, Any] = {}
    for r, q in a.items():
        for s, p in b.items():
            total[r + s] = total.get(r + s, ZERO) + q * p
    return {r: q for r, q in total.items() if q != 0}


def _ball(terms: Sum) -> Any:
    return sum((flint.arb(q) * flint.arb(r).exp() for r, q in terms.items()), flint.arb(0))


def _sign(terms: Sum) -> int:
    signs = {q > 0 for q in terms.values()}
    if len(signs) < 2:
        return 0 if not signs else 1 if signs.pop() else -1
    for bits in PRECISIONS:
        with flint.ctx.workprec(bits):
            found = _ball(terms)
            if found > 0 or found < 0:
                return 1 if found > 0 else -1
    raise ArithmeticError("the sign of a sum of exponentials is not decided")
