"""The role bce_with_logits_gradient: sigmoid(x) - y, the derivative of the binary cross-entropy, entry by entry.

The value is 0 where s = y, so that no error is relative to it. With s = sigmoid(x), s' = sigmoid(-x), the errors
q = 2 u + r_e s' of s and q' = 2 u + r_e s of s', and those of `properties.model.rounding`, a sound form has one of
these errors, to first order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| s - y for y below 1/2, (1 - y) - s' from there on | q s, or q' s', and u abs(f) |
| s - y throughout | q s + u abs(f) |
| the same where exp(-x) overflows | s itself, at most 1 / max |
| (1 + tanh(x / 2)) / 2 - y | r_t / 2 + u s + u abs(f) |

The second and the last have no digits where x is large and y is 1: they are absolute.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, absolute, costs, first_order, overflowed, quotient
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.properties.roles.bce_with_logits import logits_and_targets, targets_are_chances
from extremum.properties.values.signature import Signature
from extremum.reference.arithmetic.wide import choose
from extremum.reference.truth import logistic


def of_smaller_sides(view: View) -> Any:
    """The error of the form that takes the side with the digits."""
    at, c = Shown(view), costs(view.fmt)
    upper = np.asarray(view.at(view.observation.arguments["y"] >= 0.5))
    side = choose(upper, at.opposite * quotient(c, at.s), at.s * quotient(c, at.opposite))
    return first_order(view, side + abs(view.exact) * (2 * c.u))


def of_overflow(view: View) -> Any:
    """What is lost where an exponential overflows and a sigmoid is 0."""
    return Shown(view).none + overflowed(view.fmt)


def of_differences(view: View) -> Any:
    """The error of s - y, by tanh too."""
    at, c = Shown(view), costs(view.fmt)
    beside = at.s * quotient(c, at.opposite) + abs(view.exact) * (2 * c.u)
    return absolute(view, at.none + c.tanh / 2, beside, at.small)


def sum_of_both(view: View) -> Any:
    """1 - 2 y."""
    return Shown(view).y * -2.0 + 1.0


def minus_target(view: View) -> Any:
    """-y, which is the value where the sigmoid is 0."""
    return -Shown(view).y


ROLE = entrywise.role(
    __name__,
    "bce_with_logits_gradient",
    29,
    "sigmoid(x_i) - y_i",
    logistic.bce_with_logits_gradient,
    {"full": of_smaller_sides, "lost where exp overflows": of_overflow, "absolute": of_differences},
    call="f(x, y)",
    signature=Signature(inputs={"x": 1, "y": 1}),
    arguments=logits_and_targets,
    derived_for=targets_are_chances,
    properties=(
        entrywise.finite(
            bound="The exact value lies between -1 and 1, so no rounding can excuse another answer: none is allowed.",
            example="exp(x) / (1 + exp(x)) - y of 89 in float32 is inf / inf, which is NaN.",
            fix="take exp of -abs(x) alone, which is at most 1.",
        ),
        entrywise.in_range(
            -1.0,
            1.0,
            statement="No output is below -1 or above 1.",
            bound="""s and y are between 0 and 1, and so is their difference, in size, under any monotone rounding.
            Nothing is allowed. Severity is low where the excess is within the error bound of `accuracy`. NaN is judged
            by `finite`.""",
            example="(s - y) / (s (1 - s)), which is with respect to the sigmoid, of x = -5 and y = 1 is -150.",
            fix="with respect to the logit it is s - y.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: q s, or q' s' where y is 1/2 or more, of those
            that take the smaller side; 1 / max where exp(-x) may overflow; q s + r_t / 2 + 2 u abs(f) of s - y, with
            second order terms and gradual underflow (`properties.roles.bce_with_logits_gradient` derives it). The grade
            tells which of them a subject keeps at every input.""",
            example="y - s of 0 and y = 1 is 1/2; it is -1/2.",
            fix="sigmoid(x) - y, of a careful sigmoid; in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.bce_with_logits_gradient, -2.0, -1e4, (("y", 0.0),)),
            of_overflow,
            example="flushed, the gradient of x = -88 and y = 0 in float32 is 0 for 6.05e-39.",
        ),
        entrywise.symmetry(
            +1,
            sum_of_both,
            "1 - 2 * float(y{at})",
            "y",
            statement="The outputs for x and for -x add up to 1 - 2 y.",
            example="where exp overflows and 0.5 is given for it, those of 89 and of -89 for y = 0 add up to 0.5.",
            fix="take exp of -abs(x) for both signs.",
        ),
        entrywise.limits(
            minus_target,
            allowed=of_differences,
            statement="Where the exact value rounds to 0 or -y, the output is that, or near to it.",
            bound="""Judged where the distance is below a quarter of the spacing at y, or the value at most half of the
            smallest subnormal, far out. Allowed at -y is the error of s - y, and at 0 what underflow costs.""",
            example="of inputs limited to -10 .. 10, the gradient of x = -1000 and y = 0 is 4.5e-5.",
            fix="leave out the clip: exp of -abs(x) cannot overflow.",
        ),
    ),
)
