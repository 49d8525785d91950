"""Arithmetics wider than the format under audit: float64, x87 extended, double-double, balls and rationals.

A truth is written once as a formula and evaluated in any of them. Each arithmetic lifts floats
without error, and has `exp`, `log1p`, `total` and the operators of its values; `narrow` gives float64 back.

| arithmetic | values | relative error of one operation |
|---|---|---|
| `FLOAT64` | float64 arrays | 2**-53; exp, expm1 and log1p 2**-52, bell and mills 2**-49 |
| `EXTENDED` | x87 `longdouble` arrays | 2**-64; exp, expm1 and log1p 2**-63, bell and mills 2**-60 |
| `DOUBLE_DOUBLE` | pairs of float64 arrays | 2**-100; exp 2**-90, expm1, bell and mills 2**-85, log1p 2**-85 |
| `BALLS` | object arrays of `flint.arb` | enclosed: the ball contains the exact value |
| `RATIONALS` | object arrays of `flint.fmpq` | none: every finite float is a dyadic rational; there is no exp |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import flint
import numpy as np

from extremum.reference.arithmetic import mills_ratio
from extremum.reference.arithmetic.double_double import DoubleDouble
from extremum.reference.arithmetic.formats import FORMATS, Array, Format

SHORT_ROW = 64
PRODUCTS = 2**20  # of a matrix and a vector that are held in memory at once
CAP = 2.0**15  # exp of its negative is 0 in every arithmetic but balls


def row_max(x: Array) -> Array:
    """The maximum of each row, shape (rows, 1); of short rows by columns, ten times faster in NumPy."""
    return np.asarray((np.asfortranarray(x) if x.shape[-1] <= SHORT_ROW else x).max(axis=-1, keepdims=True))


def held_wide(matrix: Array) -> Array:
    """The same floats in float64, for several products; as they are where they are more than a product may hold."""
    return matrix if matrix.size > PRODUCTS else matrix.astype(np.float64, copy=False)


def where(mask: Array, number: float, values: Any) -> Any:
    """`number` where `mask` holds, else `values` of any arithmetic; balls elsewhere stay balls."""
    if not mask.any():
        return values
    if isinstance(values, DoubleDouble):
        return DoubleDouble(np.where(mask, number, values.high), np.where(mask, 0.0, values.low))
    return np.where(mask, number, values)


def choose(mask: Array, a: Any, b: Any) -> Any:
    """`a` where `mask` holds, else `b`; both are values of the same arithmetic, and broadcast."""
    if isinstance(a, DoubleDouble):
        return DoubleDouble(np.where(mask, a.high, b.high), np.where(mask, a.low, b.low))
    return np.where(mask, a, b)


class Arithmetic(Protocol):
    """What a formula needs of an arithmetic; reductions run along the last axis.

    `capped` keeps exponents of which exp is 0 from growing so large that their squares overflow, where the
    arithmetic has no exponents to spare.

    `bell` is exp(-v**2 / 2), and `mills` the ratio of Mills, (1 - Phi(v)) / phi(v) for v >= 0, of the normal
    distribution Phi and its density phi: both keep their relative accuracy in the tail, where erfc of a rounded
    argument does not.
    `real` is a number, given as a function that makes its ball.

    `product` multiplies the matrices (rows, m, n) of floats by vectors (rows, n) of its values, `constant` is a float
    as one of its values, `shown` a value as a decimal of some 25 digits.

    `limit` is the largest measured/allowed that a screen in it can clear: 1 less its own relative error. That
    is below 2**-10 of any error bound where the arithmetic has eleven bits and some exponents to spare; a
    double-double has the exponents of float64, so that its error below the normal range is up to half of
    the smallest subnormal, a quarter of what is allowed there. Where it is `exact`, a comparison is decided at once,
    equality too.
    """

    @property
    def limit(self) -> float: ...
    @property
    def exact(self) -> bool: ...

    def lift(self, x: Array) -> Any: ...
    def exp(self, v: Any) -> Any: ...
    def expm1(self, v: Any) -> Any: ...
    def log1p(self, v: Any) -> Any: ...
    def bell(self, v: Any) -> Any: ...
    def mills(self, v: Any) -> Any: ...
    def real(self, ball: Callable[[], Any]) -> Any: ...
    def capped(self, v: Any) -> Any: ...
    def total(self, v: Any) -> Any: ...
    def narrow(self, v: Any) -> Array: ...
    def constant(self, number: float) -> Any: ...
    def product(self, matrix: Array, v: Any) -> Any: ...
    def shown(self, v: Any) -> str: ...


@dataclass(frozen=True)
class Native:
    """A floating dtype of NumPy.

    Short rows are laid out column by column: NumPy then reduces all rows at once, several times faster than
    one after the other. Their sums are recursive, those of longer rows pairwise.
    """

    dtype: type
    limit: float = 1 - 2.0**-10
    exact: bool = False

    def lift(self, x: Array) -> Array:
        return x.astype(self.dtype, order="F" if x.shape[-1] <= SHORT_ROW else "C")

    def exp(self, v: Array) -> Array:
        return np.exp(v)

    def expm1(self, v: Array) -> Array:
        return np.expm1(v)

    def log1p(self, v: Array) -> Array:
        return np.log1p(v)

    def bell(self, v: Array) -> Array:
        v = np.minimum(np.abs(v), self.dtype(mills_ratio.FAR))
        # Rounding v**2 would cost a factor of v**2 / 2 units: of its upper half the square is exact.
        split = v * self.dtype(2.0 ** ((np.finfo(self.dtype).nmant + 2) // 2) + 1)
        upper = split - (split - v)
        half = self.dtype(-0.5)
        return np.asarray(np.exp(upper * upper * half) * np.exp((v - upper) * (v + upper) * half))

    def mills(self, v: Array) -> Array:
        v = np.minimum(v, self.dtype(mills_ratio.FAR))
        near = v < mills_ratio.NEAR
        if near.all():
            return np.asarray(mills_ratio.by_powers(self, v))
        if v.min() == mills_ratio.FAR:
            return np.broadcast_to(self._series(v[:1, :1]), v.shape)
        far = self._series(v)
        # By each number itself, so that its ratio is the same whatever stands beside it.
        return np.where(near, mills_ratio.by_powers(self, v * near), far) if near.any() else far

    def _series(self, v: Array) -> Array:
        return np.asarray(mills_ratio.series(self, v, np.finfo(self.dtype).nmant + 3))

    def real(self, ball: Callable[[], Any]) -> Any:
        return self.dtype(mills_ratio.decimal(ball))

    def capped(self, v: Array) -> Array:
        return v

    def total(self, v: Array) -> Array:
        return np.asarray(v.sum(axis=-1, keepdims=True))

    def narrow(self, v: Array) -> Array:
        return np.asarray(v, np.float64)

    def constant(self, number: float) -> Any:
        return self.dtype(number)

    def product(self, matrix: Array, v: Array) -> Array:
        return np.concatenate([self.dot(part, v) for part in self._parts(matrix)], axis=1)

    def dot(self, matrix: Array, v: Array) -> Array:
        """One recursive sum for each row of each matrix: its error is far below that of 24 bits.

        By einsum, not by matmul: what BLAS gives depends on its threads.
        """
        return np.asarray(np.einsum("rij,rj->ri", matrix, v))

    def _parts(self, matrix: Array) -> Iterator[Array]:
        each = max(PRODUCTS // (matrix.shape[0] * matrix.shape[2]), 1)
        for i in range(0, matrix.shape[1], each):
            yield matrix[:, i : i + each].astype(self.dtype, copy=False)

    def shown(self, v: Any) -> str:
        return repr(v)


class Extended(Native):
    """The x87 extended format: eleven bits more than float64 bear no recursive sum, so products are summed in pairs."""

    def dot(self, matrix: Array, v: Array) -> Array:
        """One pairwise sum for each row of each matrix, in the order of memory that rows of A and of A^T both have."""
        return np.asarray((np.ascontiguousarray(matrix) * v[:, None, :]).sum(axis=-1))


@dataclass(frozen=True)
class Doubled:
    """Double-double, where the platform has no x87 extended format."""

    limit: float = 0.5
    exact: bool = False

    def lift(self, x: Array) -> DoubleDouble:
        return DoubleDouble(x.astype(np.float64))

    def exp(self, v: DoubleDouble) -> DoubleDouble:
        return v.exp()

    def expm1(self, v: DoubleDouble) -> DoubleDouble:
        return v.expm1()

    def log1p(self, v: DoubleDouble) -> DoubleDouble:
        return v.log1p()

    def bell(self, v: DoubleDouble) -> DoubleDouble:
        v = (abs(v) * -1.0).above(-mills_ratio.FAR)
        return (v * v * -0.5).exp()

    def mills(self, v: DoubleDouble) -> DoubleDouble:
        return mills_ratio.series(self, -(-v).above(-mills_ratio.FAR), 100)

    def real(self, ball: Callable[[], Any]) -> DoubleDouble:
        return DoubleDouble(*(np.asarray(part) for part in mills_ratio.two_parts(ball)))

    def capped(self, v: DoubleDouble) -> DoubleDouble:
        return v.above(-CAP)

    def total(self, v: DoubleDouble) -> DoubleDouble:
        return v.total()

    def narrow(self, v: DoubleDouble | Array) -> Array:
        return v.high if isinstance(v, DoubleDouble) else np.asarray(v, np.float64)

    def constant(self, number: float) -> float:
        return number

    def product(self, matrix: Array, v: DoubleDouble) -> DoubleDouble:
        return (self.lift(matrix) * v[:, None, :]).total()[..., 0]

    def shown(self, v: Any) -> str:
        return repr(float(v.high))


@dataclass(frozen=True)
class Balls:
    """Arb balls at `flint.ctx.prec` bits. Infinities and NaN are to be handled before."""

    limit: float = 1.0
    exact: bool = False

    def lift(self, x: Array) -> Array:
        wide = np.asarray(x, np.float64)
        lifted = np.empty(wide.shape, object)
        lifted.ravel()[:] = [flint.arb(v) for v in wide.ravel().tolist()]
        return lifted

    def exp(self, v: Array) -> Array:
        result = np.empty(v.shape, object)
        result.ravel()[:] = [ball.exp() for ball in v.ravel().tolist()]
        return result

    def expm1(self, v: Array) -> Array:
        return _each(flint.arb.expm1, v)

    def log1p(self, v: Array) -> Array:
        return _each(flint.arb.log1p, v)

    def bell(self, v: Array) -> Array:
        return _each(mills_ratio.bell, v)

    def mills(self, v: Array) -> Array:
        return _each(mills_ratio.mills, v)

    def real(self, ball: Callable[[], Any]) -> Any:
        return ball()

    def capped(self, v: Array) -> Array:
        return v

    def total(self, v: Array) -> Array:
        return np.asarray(v.sum(axis=-1, keepdims=True))

    def narrow(self, v: Any) -> Array:
        balls = np.asarray(v, object)
        middle = [float(ball.mid()) for ball in balls.ravel().tolist()]
        return np.array(middle, np.float64).reshape(balls.shape)

    def constant(self, number: float) -> Any:
        return flint.arb(number)

    def product(self, matrix: Array, v: Array) -> Array:
        return np.asarray((self.lift(matrix) * v[:, None, :]).sum(axis=-1))

    def shown(self, v: Any) -> str:
        return str(v.str(25))


@dataclass(frozen=True)
class Rationals:
    """Exact rational arithmetic. Infinities and NaN are to be handled before."""

    limit: float = 1.0
    exact: bool = True

    def lift(self, x: Array) -> Array:
        wide = np.asarray(x, np.float64)
        lifted = np.empty(wide.shape, object)
        lifted.ravel()[:] = [self.constant(v) for v in wide.ravel().tolist()]
        return lifted

    def exp(self, v: Array) -> Array:
        raise TypeError(f"exp is not rational: {v!r}")

    def expm1(self, v: Array) -> Array:
        raise TypeError(f"expm1 is not rational: {v!r}")

    def log1p(self, v: Array) -> Array:
        raise TypeError(f"log1p is not rational: {v!r}")

    def bell(self, v: Array) -> Array:
        raise TypeError(f"bell is not rational: {v!r}")

    def mills(self, v: Array) -> Array:
        raise TypeError(f"mills is not rational: {v!r}")

    def real(self, ball: Callable[[], Any]) -> Any:
        raise TypeError(f"real is not rational: {ball!r}")

    def capped(self, v: Array) -> Array:
        return v

    def total(self, v: Array) -> Array:
        return np.asarray(v.sum(axis=-1, keepdims=True))

    def narrow(self, v: Any) -> Array:
        exact = np.asarray(v, object)
        return np.array([nearest_float(q) for q in exact.ravel().tolist()], np.float64).reshape(exact.shape)

    def constant(self, number: float) -> Any:
        return flint.fmpq(*number.as_integer_ratio())

    def product(self, matrix: Array, v: Array) -> Array:
        rows, m, n = matrix.shape
        products = np.empty((rows, m), object)
        for r in range(rows):
            a = flint.fmpq_mat(m, n, self.lift(matrix[r]).ravel().tolist())
            products[r] = (a * flint.fmpq_mat(n, 1, v[r].tolist())).entries()
        return products

    def shown(self, v: Any) -> str:
        return str(flint.arb(v).str(25))


def nearest_float(q: Any) -> float:
    """The float64 nearest to a rational (or to a float); infinite where that is beyond the largest."""
    if isinstance(q, (int, float)):
        return float(q)
    try:
        return int(q.p) / int(q.q)  # Python rounds the quotient of two integers correctly
    except OverflowError:
        return float("inf") if q > 0 else float("-inf")


def _each(function: Callable[[Any], Any], v: Array) -> Array:
    result = np.empty(v.shape, object)
    result.ravel()[:] = [function(flint.arb(ball)) for ball in v.ravel().tolist()]
    return result


FLOAT64 = Native(np.float64)
EXTENDED = Extended(np.longdouble)
DOUBLE_DOUBLE = Doubled()
BALLS = Balls()
RATIONALS = Rationals()

HAS_X87 = np.finfo(np.longdouble).nmant == 63


def screen_arithmetic(fmt: Format) -> Arithmetic:
    """The arithmetic that screens `fmt`: at least eleven bits wider, so its own error hardly counts."""
    if fmt.precision < FORMATS["float64"].precision:
        return FLOAT64
    return EXTENDED if HAS_X87 else DOUBLE_DOUBLE
