"""The role softplus_vjp: g sigmoid(x), entry by entry.

With s = sigmoid(x), s' = sigmoid(-x), f = g s and the errors of `properties.model.rounding`, a sound form has one of
these errors, to first order; `properties.roles.sigmoid` derives those of s, and `properties.laws.entry_errors` has what
is beyond it.

| form | error |
|---|---|
| g times a quotient | (3 u + r_e s') abs(f) |
| g exp(log s) | ((r_l + r_e + u) abs(log s) + r_e + u) abs(f) |
| the same where exp(-x) overflows | f itself, at most abs(g) / max |
| g (1 + tanh(x / 2)) / 2 | abs(g) r_t / 2 + 2 u abs(f) |
| g (1 - sigmoid(-x)) | abs(g) (2 u + r_e s) s' + 2 u abs(f) |

The last two are absolute: their tail has no digits.
"""

from __future__ import annotations

from typing import Any

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import (
    Shown,
    absolute,
    by_cotangent,
    costs,
    exponent,
    overflowed,
    quotient,
    relative,
)
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.reference.truth import logistic


def of_quotients(view: View) -> Any:
    """The error of g times a sigmoid as a quotient."""
    return quotient_error(view, Shown(view).opposite)


def of_rounded_exponents(view: View) -> Any:
    """The error of g exp(log s)."""
    return exponent_error(view, Shown(view).depth)


def of_overflow(view: View) -> Any:
    """What is lost where an exponential overflows and a sigmoid is 0."""
    return abs(Shown(view).g) * overflowed(view.fmt)


def of_differences(view: View) -> Any:
    """The error of the forms by tanh, or by the other sigmoid."""
    return difference_error(view, Shown(view).s, Shown(view).opposite)


def quotient_error(view: View, opposite: Any) -> Any:
    """The error of g times a quotient; `opposite` is 1 less the sigmoid."""
    c = costs(view.fmt)
    return relative(view, view.exact, quotient(c, opposite) + c.u, by_cotangent(view))


def exponent_error(view: View, depth: Any) -> Any:
    """The error of g times exp of minus the depth."""
    c = costs(view.fmt)
    return relative(view, view.exact, exponent(c, depth) + c.u, by_cotangent(view))


def difference_error(view: View, s: Any, opposite: Any) -> Any:
    """The error of g s, with s by tanh or as 1 less the `opposite`."""
    at, c = Shown(view), costs(view.fmt)
    size = abs(at.g)
    beside = size * opposite * quotient(c, s) + abs(view.exact) * (2 * c.u)
    return absolute(view, size * (c.tanh / 2), beside, size * at.small, by_cotangent(view))


ROLE = entrywise.vjp(
    __name__,
    "softplus_vjp",
    23,
    "g_i sigmoid(x_i)",
    logistic.softplus_vjp,
    {
        "full": of_quotients,
        "conditioned": of_rounded_exponents,
        "lost where exp overflows": of_overflow,
        "absolute": of_differences,
    },
    properties=(
        entrywise.finite(
            bound="The derivative lies between 0 and 1, so that the product is in range: none is allowed.",
            example="exp(x) / (1 + exp(x)) of 89 in float32 is inf / inf, which is NaN.",
            fix="take exp of -abs(x) alone, which is at most 1.",
        ),
        entrywise.sign(
            "g",
            bound="""A sound sigmoid is not negative. Nothing is allowed. Severity is low where the excess is within the
            error bound of `accuracy`. NaN is judged by `finite`.""",
            example="with a sigmoid a little below 0, x = -20 and g = 1 in float32 get -6e-8.",
            fix="let the sigmoid be 0 or more, as e / (1 + e) is.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (3 u + r_e s') abs(f) of g times a quotient,
            abs(g) / max where exp(-x) may overflow, ((r_l + r_e + u) abs(log s) + r_e + u) abs(f) of g exp(log s), and
            abs(g) (r_t / 2 + (2 u + r_e s) s') + 2 u abs(f) of differences, with second order terms and gradual
            underflow (`properties.roles.softplus_vjp` derives it). The grade tells which of them a subject keeps at
            every input.""",
            example="exp(x) (1 + exp(x)) of 1 is 10.1; it is 0.731.",
            fix="compute g times a careful sigmoid; in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.softplus_vjp, -2.0, -1e4, (("g", 1.0),)),
            of_overflow,
            by_cotangent,
            example="flushed, the product for x = -88 and g = 1 in float32 is 0 for 6.05e-39.",
        ),
        entrywise.adding_up_to_cotangent(
            example="where exp overflows and 0 is given for it, those of 89 and of -89 add up to 0.",
            fix="take exp of -abs(x) for both signs.",
        ),
        entrywise.limits_of_cotangent(
            "the spacing: a sigmoid is 1, or u / 2 below it",
            spread=by_cotangent,
            example="of inputs limited to -10 .. 10, the product for x = -1000 and g = 1 is 4.5e-5.",
            fix="leave out the clip: exp of -abs(x) cannot overflow.",
        ),
    ),
)
