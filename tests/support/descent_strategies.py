"""Hypothesis strategies: smooth functions with known maxima, and traps in general."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from extremum.properties.descent.exact_trap import sign, sign_of
from extremum.reference.descent.exact import PI, Exact, number
from extremum.reference.descent.smooth import Smooth, added, cosine, gaussian, polynomial, sine


@dataclass(frozen=True)
class Aim:
    """A start and a maximum x* with (x_0 - x*) / f'(x_0) > 0: a step of that size lands on it."""

    function: Smooth
    start: Exact
    top: Exact


FREQUENCIES = st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(5)])
RATIONALS = st.fractions(-4, 4, max_denominator=12)
WIDTHS = st.fractions(Fraction(1, 4), 4, max_denominator=4)


@st.composite
def polynomials(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Smooth:
    """Polynomials with two to five rational critical points, every second of which is a maximum."""
    roots = draw(st.lists(RATIONALS, min_size=2, max_size=5, unique=True))
    lead = draw(st.fractions(Fraction(1, 8), 4, max_denominator=8)) * draw(st.sampled_from([1, -1]))
    return polynomial(roots, lead)


@st.composite
def bumps(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Smooth:
    """A Gaussian in a wide parabola with the same centre: a maximum, and a slope upwards beyond the valley around it.

    (A Gaussian alone has no trap: its slope points to the centre from everywhere, and a descent away from it.)
    """
    centre, width = draw(RATIONALS), draw(WIDTHS)
    bowl = draw(st.fractions(Fraction(1, 16), Fraction(3, 4), max_denominator=16)) / width**2
    return added((gaussian(centre, width), polynomial((centre,), bowl)), (number(centre),))


@st.composite
def sums(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Smooth:
    """cos(a x) + cos(b x), with a maximum at 0 that comes again at multiples of 2 pi."""
    a, b = draw(st.lists(st.integers(1, 6), min_size=2, max_size=2, unique=True))
    return added((cosine(Fraction(a)), cosine(Fraction(b))), (number(0),), period=2 * PI)


def functions() -> st.SearchStrategy[Smooth]:
    """Sines, cosines, polynomials, Gaussians in a bowl, and sums of cosines."""
    return st.one_of(FREQUENCIES.map(sine), FREQUENCIES.map(cosine), polynomials(), bumps(), sums())


@st.composite
def traps(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Aim:
    """Any function of the family, any of its maxima, and any start from which a positive step lands there."""
    function = draw(functions())
    top = draw(st.sampled_from(function.maxima))
    if function.period is None:
        start = number(draw(RATIONALS))
    else:
        top = top + draw(st.integers(-2, 2)) * function.period
        start = number(draw(RATIONALS)) * PI
    slope = sign_of(function, function.slope, start)
    assume(slope != 0 and slope == sign(start - top))
    return Aim(function, start, top)
