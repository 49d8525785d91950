"""The role gelu_tanh: x (1 + tanh(p)) / 2 with p = sqrt(2 / pi) (x + 0.044715 x**3), entry by entry.

With t = 2 p, S = sigmoid(t), S' = sigmoid(-t), f = x S and the errors of `properties.model.rounding`, a sound form has
one of these errors, to first order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| with a p of more digits | (3 u + r_e S') abs(f) |
| x sigmoid(2 p) | (7 u abs(t) S' + 3 u + r_e S') abs(f): p has seven roundings, and d log S / dt is S' |
| the same where exp overflows | f itself, at most abs(x) / max |
| x / 2 (1 + tanh(p)) | abs(x) (r_t / 2 + 7 u abs(t) S S' + u S) + u abs(f): d tanh(p) / dt is 2 S S' |

The roundings of p are two of the cube, one of 0.044715, one of its product, one of the sum, one of sqrt(2 / pi) and one
of the last product; the sum has terms of one sign. The last form is absolute: its tail has no digits, and is 0 where
the tanh is -1. Source of the formula: Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415.
"""

from __future__ import annotations

from typing import Any

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import (
    Shown,
    absolute,
    bent,
    costs,
    overflowed,
    quotient,
    relative,
    within_reach,
)
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.reference.truth import logistic

ROUNDINGS = 7  # of the argument p


def spread(view: View) -> Any:
    """What an underflow of the sigmoid is multiplied by."""
    return within_reach(view, Shown(view).size) + 1.0


def of_exact_arguments(view: View) -> Any:
    """The error of x times a sigmoid of full relative accuracy."""
    c = costs(view.fmt)
    return relative(view, view.exact, quotient(c, Shown(view).opposite) + c.u, spread(view))


def of_rounded_arguments(view: View) -> Any:
    """The error of x sigmoid(2 p) with a rounded p."""
    at, c = Shown(view), costs(view.fmt)
    moved = at.opposite * within_reach(view, at.below * -1.0) * (ROUNDINGS * c.u)
    return relative(view, view.exact, moved + quotient(c, at.opposite) + c.u, spread(view))


def of_overflow(view: View) -> Any:
    """What is lost where exp(-2 p) overflows and S is 0."""
    return Shown(view).size * overflowed(view.fmt)


def of_tanh(view: View) -> Any:
    """The error of x / 2 (1 + tanh(p))."""
    at, c = Shown(view), costs(view.fmt)
    moved = at.large * at.small * bent(within_reach(view, at.below * -1.0) * (ROUNDINGS * c.u))
    beside = at.size * moved + abs(view.exact) * (2 * c.u)
    return absolute(view, at.size * (c.tanh / 2), beside, at.size * at.small, spread(view))


def argument(view: View) -> Any:
    """x, entry by entry."""
    return Shown(view).x


ROLE = entrywise.role(
    __name__,
    "gelu_tanh",
    20,
    "x_i (1 + tanh(sqrt(2 / pi) (x_i + 0.044715 x_i^3))) / 2",
    logistic.gelu_tanh,
    {
        "full": of_exact_arguments,
        "conditioned": of_rounded_arguments,
        "lost where exp overflows": of_overflow,
        "absolute": of_tanh,
    },
    properties=(
        entrywise.finite(
            bound="The exact value lies between -0.18 and abs(x), which is in range: none is allowed.",
            example="with tanh(p) as (exp(2 p) - 1) / (exp(2 p) + 1), gelu of 10 in float32 is NaN: exp(87.3) squared.",
            fix="compute x sigmoid(2 p), with exp of -2 abs(p) alone; or the library's tanh: none is too large for it.",
        ),
        entrywise.sign(
            "x",
            bound="""A sigmoid is not negative, and a tanh at least -1, so that their products with x have the sign of
            x, or are 0. Nothing is allowed. Severity is low where the excess is within the error bound of `accuracy`.
            NaN is judged by `finite`.""",
            example="with a tanh that ends at -1.044, gelu(-100) is 2.2.",
            fix="limit an approximation of tanh to -1 and 1.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (7 u abs(t) S' + 3 u + r_e S') abs(f) of
            x sigmoid(t), with t = 2 p, and abs(x) / max where exp may overflow; abs(x) (r_t / 2 + 7 u abs(t) S S' +
            u S) + u abs(f) of x / 2 (1 + tanh(p)), with second order terms and gradual underflow
            (`properties.roles.gelu_tanh` derives it). The grade tells which of them a subject keeps at every input.""",
            example="with 0.0044715 in place of 0.044715, gelu of 2 is 1.925; it is 1.955.",
            fix="compute x sigmoid(2 p); gelu by erf is a role of its own, gelu. In 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.gelu_tanh, -2.0, -1e4),
            spread=spread,
            example="flushed, the gelu_tanh of -10.2 in float32 is 0 for a subnormal number.",
        ),
        entrywise.monotone(
            0.0,
            statement="From 0 on, a larger input has no smaller output, up to rounding.",
            example="where NaN of a tanh by exponentials is replaced by 0, gelu(9) is 9 and gelu(11) is 0.",
            fix="take exp of -2 abs(p) alone; let the pieces of an approximation meet where they join.",
        ),
        entrywise.symmetry(
            -1,
            argument,
            "float(x{at})",
            statement="The output for x less that for -x is x.",
            bound="""x S + x S' is x, and negation is exact. Each output is within the error bound of `accuracy` of its
            own exact value: allowed is the sum of the two.""",
            example="with x**2 in place of x**3, gelu(2) - gelu(-2) is 2.04.",
            fix="use a cube and a tanh, which are odd.",
        ),
        entrywise.limits(
            argument,
            spread=spread,
            statement="Where the exact value rounds to 0 or to x, the output is that, or next to it.",
            bound="""Judged where the distance is below a quarter of the spacing at x, or the value at most half of the
            smallest subnormal. Allowed at x is the spacing: a tanh is 1, or u below it, and x (1 - u / 2) is at most
            the next float. At 0 it is what underflow costs: a tanh is -1 there.""",
            example="with p clipped to -3 .. 3, the gelu_tanh of -1000 is -2.5.",
            fix="leave out the clip, or clip where tanh is 1 to the last bit.",
        ),
    ),
)
