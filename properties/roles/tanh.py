"""The role tanh: the hyperbolic tangent, entry by entry.

With t = tanh(x), E = exp(-2 abs(x)) and the errors of `properties.model.rounding`, a sound form has one of these
errors, to first order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| a library's tanh | r_t abs(t) |
| -e / (2 + e), e = expm1(-2 abs(x)) | (2 r_m + 2 u) abs(t): d log t / d log e is 2 / (2 + e), at most 2 |
| (1 - E) / (1 + E) | 2 r_e E / (1 + E)**2 + 3 u abs(t) |
| 2 sigmoid(2 x) - 1 | r_e / 2 + 5 u: twice (2 u + r_e s') s, and the difference |

The last two are absolute: they have no digits where x is small. `accuracy` allows the largest of all.
"""

from __future__ import annotations

from typing import Any

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, costs, first_order, relative
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.reference.truth import hyperbolic


def of_quotients(view: View) -> Any:
    """The error of a library's tanh, and of the quotient with expm1."""
    c = costs(view.fmt)
    return relative(view, view.exact, max(c.tanh, 2 * c.expm1 + 2 * c.u))


def of_differences(view: View) -> Any:
    """The error of the forms that take a difference of numbers of size 1."""
    c = costs(view.fmt)
    return first_order(view, Shown(view).none + c.exp / 2 + 5 * c.u)


def one(view: View) -> Any:
    """1 of the sign of x, entry by entry."""
    return Shown(view).direction


ROLE = entrywise.role(
    __name__,
    "tanh",
    15,
    "tanh(x_i)",
    hyperbolic.tanh,
    {"full": of_quotients, "absolute": of_differences},
    properties=(
        entrywise.finite(
            bound="The exact value lies between -1 and 1, so no rounding can excuse another answer: none is allowed.",
            example="sinh(x) / cosh(x) of 90 in float32 is inf / inf, which is NaN.",
            fix="take expm1 of -2 abs(x), which is between -1 and 0, or the library's tanh.",
        ),
        entrywise.in_range(
            -1.0,
            1.0,
            statement="No output is below -1 or above 1.",
            bound="""2 + e is at least -e, since e is at least -1, and 1 + E at least 1 - E, under any monotone
            rounding, so no quotient exceeds 1; and libraries limit theirs. Nothing is allowed. Severity is low where
            the excess is within the error bound of `accuracy`. NaN is judged by `finite`.""",
            example="x (27 + x**2) / (27 + 9 x**2) of 4 is 1.0058.",
            fix="limit the answer of an approximation to -1 and 1.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: r_t abs(t) of a library's tanh,
            (2 r_m + 2 u) abs(t) of -e / (2 + e) with e = expm1(-2 abs(x)), and r_e / 2 + 5 u of differences such as
            2 sigmoid(2 x) - 1, with second order terms and gradual underflow (`properties.roles.tanh` derives it). The
            grade tells which of them a subject keeps at every input.""",
            example="x - x**3 / 3 of 1 is 0.667; it is 0.762.",
            fix="use the library's tanh, or -e / (2 + e) with e = expm1(-2 abs(x)); in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(hyperbolic.tanh, 1.0, 0.0),
            example="flushed, the tanh of 1e-39 in float32 is 0, and it is 1e-39.",
        ),
        entrywise.monotone(
            example="x (27 + x**2) / (27 + 9 x**2), limited by a mask that misses what is above 5, falls to 1 there.",
            fix="let the pieces of an approximation meet where they join.",
        ),
        entrywise.symmetry(
            +1,
            lambda view: Shown(view).none,
            "0.0",
            statement="The outputs for x and for -x add up to 0.",
            example="of exp(-2 x) alone, limited for x far below 0, tanh(-50) is -0.99991 and tanh(50) is 1.",
            fix="compute tanh(abs(x)), and give it the sign of x.",
        ),
        entrywise.limits(
            one,
            statement="Where the exact value rounds to -1 or 1, the output is that, or next to it.",
            bound="""Judged where 1 - abs(t) is below a quarter of the spacing at 1. Allowed is u, the distance of the
            next lower float: NumPy's tanh stops there in float32 as far as x = 10.""",
            example="of inputs clipped to -5 .. 5 the tanh of 100 is 0.9999092.",
            fix="leave out the clip, or clip where tanh is 1 to the last bit: 9.02 in float32, 19.07 in float64.",
        ),
    ),
)
