"""Smooth functions with known maxima, as data: f, f' and f'' as formulas that any arithmetic evaluates.

| arithmetic | values | sin, cos and exp |
|---|---|---|
| `FLOATS` | NumPy arrays of float64 | the platform's |
| `BALLS` | `flint.arb` | enclosed |
| `EXACT` | polynomials in pi | exact, or `NotExact` |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

import flint
import numpy as np

from extremum.reference.descent import exact
from extremum.reference.descent.exact import PI, Exact, number

Values = Any  # of one arithmetic


class Elementary(NamedTuple):
    """What a formula needs besides sums and products; `number` makes a constant of a rational."""

    sin: Callable[[Values], Values]
    cos: Callable[[Values], Values]
    exp: Callable[[Values], Values]
    number: Callable[[Fraction], Values]


FLOATS = Elementary(np.sin, np.cos, np.exp, float)
BALLS = Elementary(
    flint.arb.sin, flint.arb.cos, flint.arb.exp, lambda q: flint.arb(flint.fmpq(q.numerator, q.denominator))
)
EXACT = Elementary(exact.sin, exact.cos, exact.exp, number)

Formula = Callable[[Values, Elementary], Values]


@dataclass(frozen=True)
class Smooth:
    """A twice differentiable f: R -> R.

    `maxima` are strict local maxima, all of them up to shifts by `period` where there is one. `bound` is a
    Lipschitz constant L of f' on all of R, or None where there is none.
    """

    name: str
    text: str
    value: Formula
    slope: Formula
    curvature: Formula
    maxima: tuple[Exact, ...]
    period: Exact | None = None
    bound: Fraction | None = None

    def ball(self, formula: Formula, x: Exact) -> Any:
        """`formula`, one of f, f' and f'', at an exact number, as a ball at the current precision."""
        return formula(exact.ball(x), BALLS)


def sine(a: Fraction = Fraction(1)) -> Smooth:
    """sin(a x) for a > 0."""
    return Smooth(
        name="sin" if a == 1 else f"sin({a}x)",
        text="sin x" if a == 1 else f"sin({a} x)",
        value=lambda x, m: m.sin(m.number(a) * x),
        slope=lambda x, m: m.number(a) * m.cos(m.number(a) * x),
        curvature=lambda x, m: -m.number(a**2) * m.sin(m.number(a) * x),
        maxima=(number(Fraction(1, 2) / a) * PI,),
        period=number(2 / a) * PI,
        bound=a**2,
    )


def cosine(a: Fraction = Fraction(1)) -> Smooth:
    """cos(a x) for a > 0."""
    return Smooth(
        name="cos" if a == 1 else f"cos({a}x)",
        text="cos x" if a == 1 else f"cos({a} x)",
        value=lambda x, m: m.cos(m.number(a) * x),
        slope=lambda x, m: -m.number(a) * m.sin(m.number(a) * x),
        curvature=lambda x, m: -m.number(a**2) * m.cos(m.number(a) * x),
        maxima=(number(0),),
        period=number(2 / a) * PI,
        bound=a**2,
    )


def gaussian(centre: Fraction = Fraction(0), width: Fraction = Fraction(1)) -> Smooth:
    """exp(-((x - c) / w)^2 / 2): f'' is largest in size at c, where it is -1 / w^2."""
    c, w = centre, width
    bend = 1 / w**2

    def value(x: Values, m: Elementary) -> Values:
        return m.exp(m.number(-bend / 2) * (x - m.number(c)) * (x - m.number(c)))

    return Smooth(
        name="gaussian" if centre == 0 and width == 1 else f"gaussian({c}, {w})",
        text="exp(-x^2/2)" if centre == 0 and width == 1 else f"exp(-((x - {c})/{w})^2/2)",
        value=value,
        slope=lambda x, m: m.number(-bend) * (x - m.number(c)) * value(x, m),
        curvature=lambda x, m: (
            m.number(bend)
            * (m.number(bend) * (x - m.number(c)) * (x - m.number(c)) - m.number(Fraction(1)))
            * value(x, m)
        ),
        maxima=(number(c),),
        bound=bend,
    )


def polynomial(roots: Sequence[Fraction], lead: Fraction, name: str = "") -> Smooth:
    """The polynomial with f(0) = 0 and f'(x) = lead * prod (x - r) over distinct rational `roots`.

    f' changes sign at each root. It falls there, and f has a maximum, where the product of the other factors is
    negative.
    """
    derivative = factored(roots, lead)
    second, integral = derivative.derivative(), derivative.integral()

    def formula(p: Any) -> Formula:
        return lambda x, m: _horner(p, x, m)

    return Smooth(
        name=name or f"polynomial({', '.join(map(str, sorted(roots)))}; {lead})",
        text=str(integral),
        value=formula(integral),
        slope=formula(derivative),
        curvature=formula(second),
        maxima=tuple(number(r) for r in sorted(roots) if second(exact.rational(r)) < 0),
    )


def added(parts: Sequence[Smooth], maxima: tuple[Exact, ...], name: str = "", period: Exact | None = None) -> Smooth:
    """The sum of functions; the caller has to know its maxima."""

    def formula(one: Callable[[Smooth], Formula]) -> Formula:
        return lambda x, m: _total(one(part)(x, m) for part in parts)

    bounds = [part.bound for part in parts]
    return Smooth(
        name=name or " + ".join(part.name for part in parts),
        text=" + ".join(part.text for part in parts),
        value=formula(lambda part: part.value),
        slope=formula(lambda part: part.slope),
        curvature=formula(lambda part: part.curvature),
        maxima=maxima,
        period=period,
        bound=None if None in bounds else sum((b for b in bounds if b is not None), Fraction(0)),
    )


def factored(roots: Sequence[Fraction], lead: Fraction) -> Any:
    """lead * prod (x - r), as a `flint.fmpq_poly` in x."""
    product = number(lead)
    for root in roots:
        product *= flint.fmpq_poly([exact.rational(-root), 1])
    return product


def _horner(p: Any, x: Values, m: Elementary) -> Values:
    total = m.number(Fraction(0)) * x
    for c in reversed(p.coeffs()):
        total = total * x + m.number(Fraction(int(c.p), int(c.q)))
    return total


def _total(values: Any) -> Values:
    first, *others = values
    for other in others:
        first = first + other
    return first


NAMED = MappingProxyType(
    {
        f.name: f
        for f in (
            sine(),
            cosine(),
            added((gaussian(), polynomial((Fraction(0),), Fraction(1, 4))), (number(0),), "bump"),
            polynomial((Fraction(-1), Fraction(0), Fraction(1)), Fraction(-1), "quartic"),
            polynomial((Fraction(-1), Fraction(1)), Fraction(1), "cubic"),
            added((cosine(), cosine(Fraction(2))), (number(0), PI), "hills", 2 * PI),
        )
    }
)
