"""Running errors: the value of each step of a formula, and what an evaluation in a format may have lost by then.

An evaluation as written rounds at each step. With v the exact value of a step and e what the steps before may be off,
an operation is off by at most the change of its value over all arguments that near, and r u (abs(v) + change) of its
own, with (r + 1) eta for gradual underflow:

| step | change | r |
|---|---|---|
| constant | u abs(v), unless the format has it | |
| -a, abs, min, max | that of the arguments, the larger one | 0 |
| a + b, a - b | e_a + e_b | 1, and no eta |
| a b | abs(a) e_b + abs(b) e_a + e_a e_b | 1 |
| a / b | (e_a + abs(a / b) e_b) / (abs(b) - e_b), and 2 abs(a / b) where b may overflow, so that 0 comes out | 1 |
| a ** n | n (abs(a) + e_a)**(n - 1) e_a | that of a function, or n |
| a ** b | abs(v) (exp(e_b abs(log a) + (abs(b) + e_b) log(a / (a - e_a))) - 1) | that of a function |
| a function | `reference.arithmetic.elementary` | 8, or 1.01 in 16 bits |

This is the running error analysis of Higham, Accuracy and Stability of Numerical Algorithms, 3.3, with bounds over
intervals in place of derivatives at points, so that it holds beyond the first order. The screen's own evaluation is one
of these: the same analysis says what it is off. Where that is not finite (a pole, the end of a domain, an overflow on
the way lie that near), and where NumPy has no wider function, balls give the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from types import MappingProxyType
from typing import Any

import flint
import numpy as np

from extremum.reference.arithmetic.elementary import (
    FUNCTIONS,
    NAN,
    Function,
    Values,
    holds,
    larger_of,
    on_balls,
    smaller_of,
    where_known,
)
from extremum.reference.arithmetic.formats import FORMATS, Array, Format

CONSTANTS: Mapping[str, Callable[[], Any]] = MappingProxyType({"pi": flint.arb.pi, "e": flint.arb.const_e})
NARROWEST = 24  # bits of precision from which a library has functions of its own
NARROW = 1.01  # u: of a function that is computed in a wider format and rounded once
OF_POWERS = 8.0  # u, as of other functions
CONSTANT_BITS = 128
SMALL_FACTOR = 2.0**-64  # what has overflowed float64 is beyond every other format still, times larger ones


@dataclass(frozen=True)
class Step:
    """One operation: of `operator`, on the results of earlier steps; a constant or an exponent is its `number`."""

    operator: str
    arguments: tuple[int, ...] = ()
    number: Fraction = Fraction(0)


@dataclass(frozen=True)
class Rounding:
    """What one operation of an evaluation may be off: u relative, eta beside zero; beyond `largest` it is infinite."""

    u: Any
    eta: Any
    largest: Any
    wide: bool  # whether it has functions of its own, or computes them in a wider format
    has: Callable[[Fraction], bool]

    @staticmethod
    def of(fmt: Format) -> Rounding:
        """That of a format."""

        def has(number: Fraction) -> bool:
            return abs(number) <= fmt.max and Fraction(float(fmt.round(float(number)))) == number

        return Rounding(fmt.unit_roundoff, fmt.eta, fmt.max, fmt.precision >= NARROWEST, has)

    @staticmethod
    def of_dtype(dtype: np.dtype[Any]) -> Rounding:
        """That of float64 or of x87, which holds all that float64 does."""
        double, known = Rounding.of(FORMATS["float64"]), np.finfo(dtype)
        if dtype == np.float64:
            return double
        return Rounding(dtype.type(2.0) ** -(known.nmant + 1), known.smallest_subnormal, known.max, True, double.has)


@dataclass(frozen=True)
class Operation:
    """`value(a, n)` of the arguments `a`, and the `change(v, a, e, n, rounding)` that errors `e` of them may make.

    `own(rounding, n)` are the u relative and absolute that the operation adds; `rounded`: it may underflow.
    """

    value: Callable[[Sequence[Values], int], Values]
    change: Callable[[Values, Sequence[Values], Sequence[Values], int, Rounding], Values]
    own: Callable[[Rounding, int], tuple[float, float]] = lambda _rounding, _n: (0.0, 0.0)
    rounded: bool = False


def values_of(steps: Sequence[Step], lifted: Mapping[str, Values]) -> list[Values]:
    """The value of each step; those of constants have shape (1,) or (1, 1)."""
    like = next(iter(lifted.values()))
    values: list[Values] = []
    for step in steps:
        if step.operator in OPERATIONS:
            a = [values[i] for i in step.arguments]
            values.append(OPERATIONS[step.operator].value(a, int(step.number)))
        else:
            values.append(lifted[step.operator] if step.operator in lifted else _constant(step, like))
    return values


def errors_of(steps: Sequence[Step], values: Sequence[Values], rounding: Rounding, spread: float = 0.0) -> list[Values]:
    """What each step may be off, if the arguments are first off by `spread` u relative."""
    errors: list[Values] = []
    for step, v in zip(steps, values, strict=True):
        if step.operator in OPERATIONS:
            row, n = OPERATIONS[step.operator], int(step.number)
            a, e = [values[i] for i in step.arguments], [errors[i] for i in step.arguments]
            relative, absolute = row.own(rounding, n)
            error = row.change(v, a, e, n, rounding)
            if relative:
                error = error + (abs(v) + error) * (relative * rounding.u) + absolute * rounding.u
            if row.rounded:
                error = error + (relative + 1.0) * rounding.eta
        else:
            error = abs(v) * (_of_leaf(step, rounding, spread) * rounding.u)
        errors.append(error if v.dtype == object else np.where(np.isinf(v), 0.0, error))
    return errors


def outside(steps: Sequence[Step], values: Sequence[Values], errors: Sequence[Values]) -> Array:
    """Where a step is undefined for all arguments within the errors, as a mask."""
    mask = np.zeros(values[-1].shape, bool)
    for step in steps:
        if not step.arguments:
            continue
        first, last = step.arguments[0], step.arguments[-1]
        if step.operator in FUNCTIONS:
            mask = mask | FUNCTIONS[step.operator].outside(values[first], errors[first])
        elif step.operator == "/":
            mask = mask | ((values[last] == 0) & (errors[last] == 0))
        elif step.operator == "**":
            mask = mask | (values[first] + errors[first] <= 0)
    return mask


def _constant(step: Step, like: Values) -> Values:
    shape = (1,) * like.ndim
    with flint.ctx.workprec(max(flint.ctx.prec, CONSTANT_BITS)):
        number = flint.fmpq(step.number.numerator, step.number.denominator)
        ball = CONSTANTS[step.operator]() if step.operator in CONSTANTS else flint.arb(number)
        if like.dtype == object:
            return np.full(shape, ball, object)
        high = float(ball)
        return np.full(shape, like.dtype.type(high) + like.dtype.type(float(ball - high)))


def _of_leaf(step: Step, rounding: Rounding, spread: float) -> float:
    """What an argument or a constant is off, in u."""
    if step.operator == "number":
        return float(not rounding.has(step.number))
    return 1.0 if step.operator in CONSTANTS else spread


def _product(a: Sequence[Values], _n: int) -> Values:
    product = a[0] * a[1]
    if product.dtype == object:
        return product
    lost = (np.isinf(a[0]) & (abs(a[1]) < SMALL_FACTOR)) | (np.isinf(a[1]) & (abs(a[0]) < SMALL_FACTOR))
    return np.where(lost, np.nan, product) if lost.any() else product


def _any_power(a: Sequence[Values], _n: int) -> Values:
    base, exponent = a
    if base.dtype == object:
        return on_balls(lambda s, t: s**t if s > 0 else NAN, base, exponent)
    known = (base > 0) & np.isfinite(base) & np.isfinite(exponent)
    return np.where(known, np.power(np.where(known, base, 1.0), exponent), np.nan)


def _sum_of_errors(_v: Values, _a: Any, e: Sequence[Values], _n: int, _rounding: Rounding) -> Values:
    return e[0] + e[1]


def _larger_error(_v: Values, _a: Any, e: Sequence[Values], _n: int, _rounding: Rounding) -> Values:
    return larger_of(e[0], e[1])


def _same_error(_v: Values, _a: Any, e: Sequence[Values], _n: int, _rounding: Rounding) -> Values:
    return e[0]


def _of_product(_v: Values, a: Sequence[Values], e: Sequence[Values], _n: int, _rounding: Rounding) -> Values:
    return _or_none(e, abs(a[0]) * e[1] + abs(a[1]) * e[0] + e[0] * e[1])


def _of_quotient(v: Values, a: Sequence[Values], e: Sequence[Values], _n: int, rounding: Rounding) -> Values:
    least = abs(a[1]) - e[1]
    change = where_known(least > 0, (e[0] + abs(v) * e[1]) / least)
    lost = abs(v) * _times_lost(abs(a[1]) + e[1], rounding)
    if v.dtype == object:
        return change + lost
    # What has overflowed is above the root of the largest number, whatever it was multiplied by since.
    return np.where(np.isinf(a[1]), abs(a[0]) / np.sqrt(np.finfo(v.dtype).max), change + lost)


def _of_whole_power(_v: Values, a: Sequence[Values], e: Sequence[Values], n: int, _rounding: Rounding) -> Values:
    return _or_none(e, (abs(a[0]) + e[0]) ** max(n - 1, 0) * e[0] * float(n))


def _of_any_power(v: Values, a: Sequence[Values], e: Sequence[Values], _n: int, rounding: Rounding) -> Values:
    log, expm1 = FUNCTIONS["log"], FUNCTIONS["expm1"]
    exponent = e[1] * abs(log(a[0])) + (abs(a[1]) + e[1]) * log.change(a[0], e[0])
    lost = abs(v) * _times_lost(a[0] + e[0], rounding) * holds(a[1] < 0)
    return _or_none(e, abs(v) * expm1(exponent)) + lost


def _of_function(
    function: Function, _v: Values, a: Sequence[Values], e: Sequence[Values], _n: int, _rounding: Rounding
) -> Values:
    return _or_none(e, function.change(a[0], e[0]))


def _or_none(e: Sequence[Values], change: Values) -> Values:
    """The change, exactly 0 where the arguments are not off: at a pole or at the end of a domain it would be NaN."""
    exact = reduce(np.logical_and, [holds(part == 0) for part in e])
    return np.where(exact, abs(e[0]), change)


def _times_lost(size: Values, rounding: Rounding) -> Array:
    """How many times its value a quotient may be off for an overflow: twice is enough to clear a 0 without balls."""
    return 2.0 * ~holds(size < rounding.largest)


def _library(function: Function, rounding: Rounding, _n: int) -> tuple[float, float]:
    return (function.relative, function.absolute) if rounding.wide else (NARROW, NARROW * (function.absolute > 0))


def _one(_rounding: Rounding, _n: int) -> tuple[float, float]:
    return 1.0, 0.0


def _power(rounding: Rounding, n: int) -> tuple[float, float]:
    return max(OF_POWERS if rounding.wide else NARROW, float(n)), 0.0


def _row(function: Function) -> Operation:
    return Operation(
        lambda a, _n: function(a[0]), partial(_of_function, function), partial(_library, function), rounded=True
    )


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "negated": Operation(lambda a, _n: -a[0], _same_error),
        "abs": Operation(lambda a, _n: abs(a[0]), _same_error),
        "max": Operation(lambda a, _n: larger_of(a[0], a[1]), _larger_error),
        "min": Operation(lambda a, _n: smaller_of(a[0], a[1]), _larger_error),
        "+": Operation(lambda a, _n: a[0] + a[1], _sum_of_errors, _one),
        "-": Operation(lambda a, _n: a[0] - a[1], _sum_of_errors, _one),
        "*": Operation(_product, _of_product, _one, rounded=True),
        "/": Operation(lambda a, _n: a[0] / where_known(a[1] != 0, a[1]), _of_quotient, _one, rounded=True),
        "power": Operation(lambda a, n: a[0] ** n, _of_whole_power, _power, rounded=True),
        "**": Operation(_any_power, _of_any_power, _power, rounded=True),
        **{name: _row(function) for name, function in FUNCTIONS.items()},
    }
)
