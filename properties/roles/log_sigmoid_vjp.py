"""The role log_sigmoid_vjp: g sigmoid(-x), entry by entry: the errors are those of softplus_vjp of -x.

`properties.roles.softplus_vjp` derives them. g (1 - sigmoid(x)), of a sigmoid that is saved, is absolute: it has no
digits where x is large.
"""

from __future__ import annotations

from typing import Any

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, by_cotangent
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.properties.roles.softplus_vjp import (
    difference_error,
    exponent_error,
    of_overflow,
    quotient_error,
)
from extremum.reference.truth import logistic


def of_quotients(view: View) -> Any:
    """The error of g times a sigmoid as a quotient."""
    return quotient_error(view, Shown(view).s)


def of_rounded_exponents(view: View) -> Any:
    """The error of g exp(log s')."""
    at = Shown(view)
    return exponent_error(view, at.where_positive(at.softplus, at.gained))


def of_differences(view: View) -> Any:
    """The error of the forms by tanh, or by the other sigmoid."""
    return difference_error(view, Shown(view).opposite, Shown(view).s)


ROLE = entrywise.vjp(
    __name__,
    "log_sigmoid_vjp",
    24,
    "g_i sigmoid(-x_i)",
    logistic.log_sigmoid_vjp,
    {
        "full": of_quotients,
        "conditioned": of_rounded_exponents,
        "lost where exp overflows": of_overflow,
        "absolute": of_differences,
    },
    properties=(
        entrywise.finite(
            bound="The derivative lies between 0 and 1, so that the product is in range: none is allowed.",
            example="exp(-x) / (1 + exp(-x)) of -89 in float32 is inf / inf, which is NaN.",
            fix="take exp of -abs(x) alone, which is at most 1.",
        ),
        entrywise.sign(
            "g",
            bound="""A sound sigmoid is between 0 and 1, so that 1 less it is not negative. Nothing is allowed. Severity
            is low where the excess is within the error bound of `accuracy`. NaN is judged by `finite`.""",
            example="1 - s with a sigmoid that reaches 1.0000001 is -1.2e-7.",
            fix="compute sigmoid(-x), never 1 - sigmoid(x).",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (3 u + r_e s) abs(f) of g times a quotient,
            abs(g) / max where exp(x) may overflow, ((r_l + r_e + u) abs(log s') + r_e + u) abs(f) of g exp(log s'), and
            abs(g) (r_t / 2 + (2 u + r_e s') s) + 2 u abs(f) of differences, with second order terms and gradual
            underflow (`properties.roles.softplus_vjp` derives it). The grade tells which of them a subject keeps at
            every input.""",
            example="g sigmoid(x) of 1 is 0.731; it is 0.269.",
            fix="compute g times a careful sigmoid of -x; in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.log_sigmoid_vjp, 2.0, 1e4, (("g", 1.0),)),
            of_overflow,
            by_cotangent,
            example="flushed, the product for x = 88 and g = 1 in float32 is 0 for 6.05e-39.",
        ),
        entrywise.adding_up_to_cotangent(
            example="where exp overflows and 0 is given for it, those of 89 and of -89 add up to 0.",
            fix="take exp of -abs(x) for both signs.",
        ),
        entrywise.limits_of_cotangent(
            "the spacing: a sigmoid is 1, or u / 2 below it",
            spread=by_cotangent,
            example="of inputs limited to -10 .. 10, the product for x = 1000 and g = 1 is 4.5e-5.",
            fix="leave out the clip: exp of -abs(x) cannot overflow.",
        ),
    ),
)
