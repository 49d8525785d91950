"""Numbers that are polynomials in pi with rational coefficients: arithmetic in which equality is decided.

A number is a `flint.fmpq_poly` in pi, which adds, multiplies and compares without error. Pi is transcendental
(Lindemann 1882), so two such polynomials are the same number only where they are the same polynomial. Balls cannot
show that 2 pi - 3 pi / 2 and pi / 2 are equal; here it is a comparison of coefficients.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import flint

from extremum.reference.errors import UsageError

Exact = Any  # flint.fmpq_poly, which has no types
PI: Exact = flint.fmpq_poly([0, 1])
SIXTHS = {0: 0, 1: 1, 3: 2, 5: 1, 6: 0, 7: -1, 9: -2, 11: -1}  # 2 sin(k pi / 6) by k, where it is rational

_WRITTEN = re.compile(
    r"(?P<sign>[+-]?) (?P<factor>(?:\d+\.?\d*|\.\d+) (?:e[+-]?[0-4]?\d{1,2})?)? \*? (?P<pi>pi)? (?:/(?P<divisor>\d+))?",
    re.X,
)
_CHARACTERS_MAX = 100  # a longer number is a mistake, and Python refuses to write one of 4300 digits


class NotExact(ArithmeticError):
    """The value is not a polynomial in pi with rational coefficients, or is not known to be one."""


def number(value: Any) -> Exact:
    """An int, `fmpq`, `Fraction` or polynomial as an exact number."""
    return flint.fmpq_poly([rational(value)]) if isinstance(value, Fraction) else flint.fmpq_poly(value)


def rational(value: Fraction) -> Any:
    """A `Fraction` as `flint.fmpq`."""
    return flint.fmpq(value.numerator, value.denominator)


def constant(x: Exact) -> Any:
    """The number as `flint.fmpq`; raises `NotExact` where pi is in it."""
    if x.degree() > 0:
        raise NotExact("pi is in it")
    return x[0]


def sin(x: Exact) -> Exact:
    """sin of a rational multiple of pi, where it is rational: 0, 1/2 or 1, or their negatives, and no other (Niven).

    Raises `NotExact` elsewhere, where it is irrational. Source: I. Niven, "Irrational Numbers" (1956), cor. 3.12.
    """
    if x.degree() > 1 or x[0] != 0 or (6 * x[1]).q != 1 or int((6 * x[1]).p) % 12 not in SIXTHS:
        raise NotExact("sin is irrational there")
    return number(flint.fmpq(SIXTHS[int((6 * x[1]).p) % 12], 2))


def cos(x: Exact) -> Exact:
    """cos of a rational multiple of pi, as `sin`."""
    return sin(x + PI / 2)


def exp(x: Exact) -> Exact:
    """exp of 0. Raises `NotExact` elsewhere: no exp of another number is known to be a polynomial in pi."""
    if x != 0:
        raise NotExact("exp is irrational there")
    return number(1)


def ball(x: Exact) -> Any:
    """The number as a `flint.arb`, by Horner's rule at the current precision."""
    pi, total = flint.arb.pi(), flint.arb(0)
    for coefficient in reversed(x.coeffs()):
        total = total * pi + flint.arb(coefficient)
    return total


def parse(text: str, name: str) -> Exact:
    """The number that a person writes: 2pi, 3pi/2, -pi/4, 1/3, 0.25, 1e-3.

    Raises `UsageError`, which names the argument `name`, where the text is no finite number.
    """
    parts = (
        _WRITTEN.fullmatch(re.sub(r"\s", "", text.lower().replace("π", "pi"))) if len(text) < _CHARACTERS_MAX else None
    )
    if not parts or not (parts["factor"] or parts["pi"]) or (parts["divisor"] and not int(parts["divisor"])):
        shown = text if len(text) < _CHARACTERS_MAX else text[:20] + "..."
        raise UsageError(f"{name}={shown!r} is not a finite number: write it as 2pi, 3pi/2, 1/3 or 0.25")
    value = Fraction(parts["factor"] or 1) / int(parts["divisor"] or 1) * (-1 if parts["sign"] == "-" else 1)
    return number(value) * (PI if parts["pi"] else 1)


def written(x: Exact) -> str:
    """The number as a person writes it: the inverse of `parse` where it has one term."""
    terms = [_term(c, k) for k, c in reversed(list(enumerate(x.coeffs()))) if c != 0]
    return " + ".join(terms).replace("+ -", "- ") or "0"


def _term(coefficient: Any, power: int) -> str:
    top, bottom = int(coefficient.p), int(coefficient.q)
    pi = "" if not power else "pi" if power == 1 else f"pi^{power}"
    front = {1: "", -1: "-"}.get(top, str(top)) if pi else str(top)
    return front + pi + (f"/{bottom}" if bottom != 1 else "")
