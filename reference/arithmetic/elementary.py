"""Elementary and special functions as data: in balls, fast, and how much an error of the argument costs.

Each row of `FUNCTIONS` has these columns. `ball` is the function of Arb; it is not finite outside of the domain. `fast`
is that of NumPy or of Python's math module, on float64 arrays, and `wide` that of NumPy on x87 arrays, where there is
one. `change(a, e)` bounds abs(f(t) - f(a)) for all t within e of a, and is not finite where such a t may lie outside of
the domain. `outside(a, e)` is where no such t lies in it. A library's function errs by at most `relative` u of its
value and `absolute` u: 4 ulps, which NumPy allows its vector versions, and twice what glibc and CUDA document of most
functions; of the gamma functions 20 ulps, twice what CPython, glibc and CUDA document of them, and that of log gamma
beside its zeros too.

The changes are exact or convex bounds, elementary calculus: a derivative, at the end of the interval where it is
largest, times e. That of exp is exp(a) (exp(e) - 1), of log it is log(a / (a - e)), of tan the addition theorem.

The gamma functions are taken for positive arguments alone, where both are convex, so that their derivatives are largest
at an end. What is infinite has left the range of float64: a function that grows more slowly than its argument is NaN
there, since its value may well be in range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import flint
import numpy as np

from extremum.reference.arithmetic.formats import Array

Values = Any  # an array of float64 or longdouble, or an object array of balls
TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
NAN: Any = flint.arb("nan")


@dataclass(frozen=True)
class Function:
    """A function of one argument: see the module."""

    ball: Callable[[Any], Any]
    fast: Callable[[Array], Array]
    wide: Callable[[Array], Array] | None
    change: Callable[[Values, Values], Values]
    outside: Callable[[Values, Values], Any] = lambda a, _e: np.zeros(a.shape, bool)
    relative: float = 8.0
    absolute: float = 0.0

    def __call__(self, v: Values) -> Values:
        """f(v), entry by entry, in the values that come in."""
        if v.dtype == object:
            return on_balls(self.ball, v)
        if v.dtype == np.longdouble and self.wide is not None:
            return self.wide(v)
        return self.fast(v.astype(np.float64))


def on_balls(function: Callable[..., Any], *arrays: Values) -> Values:
    """A function of balls, entry by entry, broadcast."""
    return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), object)


def larger_of(a: Values, b: Values | float) -> Values:
    """The larger of two, entry by entry."""
    if a.dtype == object:
        return on_balls(lambda s, t: flint.arb(s).max(flint.arb(t)), a, b)
    return np.maximum(a, b)


def smaller_of(a: Values, b: Values | float) -> Values:
    """The smaller of two, entry by entry."""
    if a.dtype == object:
        return on_balls(lambda s, t: flint.arb(s).min(flint.arb(t)), a, b)
    return np.minimum(a, b)


def holds(mask: Any) -> Array:
    """A comparison of values as a mask; one of balls holds where it does of all their points."""
    return np.asarray(mask).astype(bool)


def where_known(mask: Any, values: Values) -> Values:
    """The values where a comparison holds, else NaN."""
    return np.where(holds(mask), values, NAN if values.dtype == object else np.nan)


def _mapped(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """A function of Python's math module on arrays, infinite where it overflows."""

    def entry(v: float) -> float:
        try:
            return function(v)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    each = np.frompyfunc(entry, 1, 1)
    return lambda v: np.asarray(each(v), np.float64)


def _of_finite(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A function that grows more slowly than its argument: NaN of what has overflowed, and at a pole."""

    def finite(v: Array) -> Array:
        value = function(v)
        return np.where(np.isinf(v) | np.isinf(value), np.nan, value)

    return finite


def _of_positive(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda ball: function(ball) if ball > 0 else NAN


def _apart(a: Values, e: Values) -> Values:
    """The smallest abs(t)."""
    return larger_of(abs(a) - e, 0.0)


def _of_digamma(a: Values, e: Values) -> Values:
    """e times the larger abs(digamma) at the two ends: it grows on the positive numbers."""
    low, high = a - e, a + e
    return where_known(low > 0, e * larger_of(abs(_digamma(low)), abs(_digamma(high))))


def _of_gamma(a: Values, e: Values) -> Values:
    low, high = a - e, a + e
    ends = larger_of(abs(GAMMA(low) * _digamma(low)), abs(GAMMA(high) * _digamma(high)))
    return where_known(low > 0, e * ends)


def _digamma(v: Values) -> Values:
    """digamma in balls; in floats a bound of its magnitude: it lies between log v - 1 / v and log v for v > 0."""
    if v.dtype == object:
        return on_balls(_of_positive(flint.arb.digamma), v)
    return abs(np.log(v)) + 1 / v


def _tangents(a: Values, e: Values) -> Values:
    t, s = abs(TAN(a)), TAN(smaller_of(e, 1.0))
    return where_known((e < 1.0) & (t * s < 1.0), (t * t + 1.0) * s / (1.0 - t * s))


EXP: Function = Function(flint.arb.exp, np.exp, np.exp, lambda a, e: EXP(a) * EXPM1(e))
EXPM1: Function = Function(flint.arb.expm1, np.expm1, np.expm1, lambda a, e: EXP(a) * EXPM1(e))
LOG1P: Function = Function(
    flint.arb.log1p,
    _of_finite(np.log1p),
    _of_finite(np.log1p),
    lambda a, e: where_known(a + 1.0 > e, LOG1P(e / (a + 1.0 - e))),
    lambda a, e: a + 1.0 + e <= 0.0,
)
SQRT: Function = Function(
    flint.arb.sqrt,
    _of_finite(np.sqrt),
    _of_finite(np.sqrt),
    lambda a, e: where_known(a >= e, e / (SQRT(a) + SQRT(a - e))),
    lambda a, e: a + e < 0.0,
)


def _of_a_wave(slope: Values, e: Values) -> Values:
    """What a sine or a cosine may change by: no more than from -1 to 1."""
    return smaller_of(e * smaller_of(abs(slope) + e, 1.0), 2.0)


SIN: Function = Function(flint.arb.sin, np.sin, np.sin, lambda a, e: _of_a_wave(COS(a), e))
COS: Function = Function(flint.arb.cos, np.cos, np.cos, lambda a, e: _of_a_wave(SIN(a), e))
TAN: Function = Function(flint.arb.tan, np.tan, np.tan, _tangents)
SINH: Function = Function(flint.arb.sinh, np.sinh, np.sinh, lambda a, e: e * COSH(abs(a) + e))
COSH: Function = Function(flint.arb.cosh, np.cosh, np.cosh, lambda a, e: e * SINH(abs(a) + e))
GAMMA: Function = Function(
    _of_positive(flint.arb.gamma),
    _mapped(lambda v: math.gamma(v) if v > 0 else math.nan),
    None,
    _of_gamma,
    lambda a, e: a + e <= 0.0,
    relative=40.0,
)


def _arcs(a: Values, e: Values) -> Values:
    end = abs(a) + e
    return where_known(end < 1.0, e / SQRT((1.0 - end) * (1.0 + end)))


def _sech(v: Values) -> Values:
    """1 / cosh v; that of a huge number is no quotient of balls."""
    return on_balls(flint.arb.sech, v) if v.dtype == object else 1.0 / COSH(v)


def _beyond_one(a: Values, e: Values) -> Any:
    return abs(a) - e > 1.0


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "exp": EXP,
        "expm1": EXPM1,
        "log": Function(
            flint.arb.log,
            _of_finite(np.log),
            _of_finite(np.log),
            lambda a, e: where_known(a > e, LOG1P(e / (a - e))),
            lambda a, e: a + e <= 0.0,
        ),
        "log1p": LOG1P,
        "sqrt": SQRT,
        "sin": SIN,
        "cos": COS,
        "tan": TAN,
        "asin": Function(flint.arb.asin, np.arcsin, np.arcsin, _arcs, _beyond_one),
        "acos": Function(flint.arb.acos, np.arccos, np.arccos, _arcs, _beyond_one),
        "atan": Function(flint.arb.atan, np.arctan, np.arctan, lambda a, e: e / (_apart(a, e) * _apart(a, e) + 1.0)),
        "sinh": SINH,
        "cosh": COSH,
        "tanh": Function(flint.arb.tanh, np.tanh, np.tanh, lambda a, e: e * _sech(_apart(a, e)) * _sech(_apart(a, e))),
        "asinh": Function(
            flint.arb.asinh,
            _of_finite(np.arcsinh),
            _of_finite(np.arcsinh),
            lambda a, e: e / SQRT(_apart(a, e) * _apart(a, e) + 1.0),
        ),
        "acosh": Function(
            flint.arb.acosh,
            _of_finite(np.arccosh),
            _of_finite(np.arccosh),
            lambda a, e: where_known(a - e > 1.0, e / SQRT((a - e - 1.0) * (a - e + 1.0))),
            lambda a, e: a + e < 1.0,
        ),
        "atanh": Function(
            flint.arb.atanh,
            _of_finite(np.arctanh),
            _of_finite(np.arctanh),
            lambda a, e: where_known(abs(a) + e < 1.0, e / ((1.0 - abs(a) - e) * (1.0 + abs(a) + e))),
            lambda a, e: abs(a) - e >= 1.0,
        ),
        "erf": Function(
            flint.arb.erf,
            _mapped(math.erf),
            None,
            lambda a, e: e * EXP(-_apart(a, e) * _apart(a, e)) * TWO_OVER_SQRT_PI,
        ),
        "erfc": Function(
            flint.arb.erfc,
            _mapped(math.erfc),
            None,
            lambda a, e: e * EXP(-_apart(a, e) * _apart(a, e)) * TWO_OVER_SQRT_PI,
        ),
        "gamma": GAMMA,
        "lgamma": Function(
            _of_positive(flint.arb.lgamma),
            _of_finite(_mapped(lambda v: math.lgamma(v) if v > 0 else math.nan)),
            None,
            _of_digamma,
            lambda a, e: a + e <= 0.0,
            relative=40.0,
            absolute=40.0,
        ),
    }
)
