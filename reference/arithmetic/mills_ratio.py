"""The ratio of Mills of the normal distribution, (1 - Phi(v)) / phi(v): in balls, and as a series elsewhere.

erfc of a rounded argument has no digits in the tail, and the ratio has them all: between 1.25 at 0 and 1 / v far out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import flint

FAR = 200.0  # exp(-FAR**2 / 2) is 0 in every arithmetic but balls
ASYMPTOTIC = 2.0**10  # where a ball of the ratio of Mills comes from its first terms; what it multiplies is e**-524288
NEAR = 2.0**-8  # below which a few terms of the power series are the ratio
CENTRE = 5.0  # of the series of the Mills ratio: where its variable is 0
REAL_BITS = 192  # of a number that an arithmetic holds


def bell(v: Any) -> Any:
    """exp(-v**2 / 2) of a ball."""
    return (v * v / -2).exp()


def by_powers(arithmetic: Any, v: Any) -> Any:
    """The ratio of Mills for 0 <= v < NEAR, by its power series: the first term that is left out is below 2**-72.

    The ratio M has M' = v M - 1, so that its coefficients are those below, each the one two before over its number.
    """
    even = arithmetic.real(_at_zero)
    terms = [
        even,
        -1.0,
        even / 2.0,
        -1 / arithmetic.constant(3.0),
        even / 8.0,
        -1 / arithmetic.constant(15.0),
        even / 48.0,
    ]
    value = v * 0.0 + -1 / arithmetic.constant(105.0)
    for term in reversed(terms):
        value = value * v + term
    return value


def _at_zero() -> Any:
    """The ratio at 0, sqrt(pi / 2)."""
    return (flint.arb.pi() / 2).sqrt()


def _ratio(v: Any) -> Any:
    return (v / flint.arb(2).sqrt()).erfc() * (flint.arb.pi() / 2).sqrt() / bell(v)


def mills(v: Any) -> Any:
    """The ratio of Mills of a ball v >= 0; far out, where erfc has no digits at this precision, 1/v - 1/v**3 to 1/v."""
    return flint.arb(1 / v, 1 / v**3) if v > ASYMPTOTIC else _ratio(v)


def series(arithmetic: Any, v: Any, bits: int) -> Any:
    """The ratio of Mills for 0 <= v <= FAR, by the series of (1 + v) times it: every value is between 1 and 1.26."""
    variable = (v + -CENTRE) / (v + CENTRE)
    terms = [arithmetic.real(ball) for ball in _chebyshev(bits)]
    after, now = v * 0.0, v * 0.0 + terms[-1]
    for term in terms[-2:0:-1]:  # Clenshaw's recurrence
        after, now = now, variable * now * 2.0 - after + term
    return (variable * now - after + terms[0]) / (v + 1.0)


@cache
def _chebyshev(bits: int) -> list[Callable[[], Any]]:
    """The Chebyshev series of (1 + v) times the ratio of Mills in (v - CENTRE) / (v + CENTRE), to 2**-bits.

    Its coefficients come from balls, by interpolation at `nodes` Chebyshev points: what is left out of them is as small
    as the terms beyond, and those fall by a factor of 4 and more up to 2**-100.
    """
    nodes = bits // 2 + 16
    with flint.ctx.workprec(REAL_BITS):
        angles = [flint.arb.pi() * (2 * j + 1) / (2 * nodes) for j in range(nodes)]
        points = [CENTRE * (1 + a.cos()) / (1 - a.cos()) for a in angles]
        values = [(1 + v) * _ratio(v) for v in points]
        terms = [
            sum(value * (k * a).cos() for value, a in zip(values, angles, strict=True)) * (2 if k else 1) / nodes
            for k in range(nodes)
        ]
        kept = max(k for k, term in enumerate(terms) if abs(float(term.mid())) > 2.0**-bits)
    return [partial(_same, term) for term in terms[: kept + 1]]


def _same(ball: Any) -> Any:
    return ball


@cache
def decimal(ball: Callable[[], Any]) -> str:
    """A number as a decimal of more digits than any native format holds."""
    with flint.ctx.workprec(REAL_BITS):
        return str(ball().str(40, radius=False))


@cache
def two_parts(ball: Callable[[], Any]) -> tuple[float, float]:
    """A number as the sum of two float64, the second far smaller."""
    with flint.ctx.workprec(REAL_BITS):
        high = float(ball().mid())
        return high, float((ball() - high).mid())
