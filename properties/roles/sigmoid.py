"""The role sigmoid: 1 / (1 + exp(-x)), entry by entry.

With s = sigmoid(x), s' = sigmoid(-x) and the errors of `properties.model.rounding`, a sound form has one of these
errors, to first order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| e = exp(-abs(x)): 1 / (1 + e), e / (1 + e) | (2 u + r_e s') s: d log s / d log e is -s', or s' with e on top |
| 1 / (1 + exp(-x)) | the same, and 0 where exp overflows: there s is at most 1 / max |
| exp(log s), log s by log1p or logaddexp | ((r_l + r_e + u) abs(log s) + r_e) s: an exponent is rounded |
| (1 + tanh(x / 2)) / 2 | r_t / 2 + u s: the halving is exact, and the sum cancels |

The last is absolute: it has no digits where s is below it. `accuracy` allows the largest of the four at each x.
"""

from __future__ import annotations

from typing import Any

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, absolute, costs, exponent, overflowed, quotient, relative
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.reference.truth import logistic


def of_quotients(view: View) -> Any:
    """The error of the forms with exp(-abs(x)), which have full relative accuracy."""
    at = Shown(view)
    return relative(view, at.s, quotient(costs(view.fmt), at.opposite))


def of_rounded_exponents(view: View) -> Any:
    """The error of exp(log s)."""
    at = Shown(view)
    return relative(view, at.s, exponent(costs(view.fmt), at.depth))


def of_overflow(view: View) -> Any:
    """What quotients lose that are 0 where exp(-x) overflows."""
    return Shown(view).none + overflowed(view.fmt)


def of_tanh(view: View) -> Any:
    """The error of (1 + tanh(x / 2)) / 2."""
    at, c = Shown(view), costs(view.fmt)
    return absolute(view, at.none + c.tanh / 2, at.s * c.u, at.small)


def one(view: View) -> Any:
    """1, entry by entry."""
    return Shown(view).one


ROLE = entrywise.role(
    __name__,
    "sigmoid",
    14,
    "1 / (1 + exp(-x_i))",
    logistic.sigmoid,
    {
        "full": of_quotients,
        "conditioned": of_rounded_exponents,
        "lost where exp overflows": of_overflow,
        "absolute": of_tanh,
    },
    properties=(
        entrywise.finite(
            bound="The exact value lies between 0 and 1, so no rounding can excuse another answer: none is allowed.",
            example="exp(x) / (1 + exp(x)) of 89 in float32 is inf / inf, which is NaN.",
            fix="take exp of -abs(x) alone, which is at most 1.",
        ),
        entrywise.in_range(
            0.0,
            1.0,
            statement="No output is below 0 or above 1.",
            bound="""1 + e is at least 1 and at least e under any monotone rounding, so neither quotient exceeds 1; exp
            of a number that is not positive is at most 1; and a tanh never exceeds 1. Nothing is allowed. Severity is
            low where the excess is within the error bound of `accuracy`. NaN is judged by `finite`.""",
            example="0.5 + p / q of -18.25 in float32, with p / q a little beyond -0.5, is -6e-8.",
            fix="compute the small side directly, as e / (1 + e), or limit the answer to 0 and 1.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (2 u + r_e s') s of quotients with exp(-abs(x)),
            and 1 / max where exp(-x) may overflow; ((r_l + r_e + u) abs(log s) + r_e) s of exp(log s); r_t / 2 + u s
            of (1 + tanh(x / 2)) / 2, with s' = sigmoid(-x). To it come second order terms and gradual underflow
            (`properties.roles.sigmoid` and `properties.laws.entry_errors` derive it). The grade tells which of them a
            subject keeps at every input.""",
            example="1 - 1 / (1 + exp(x)) of -7.8 in float16 is 0 for 4.1e-4.",
            fix="compute the small side directly, as e / (1 + e) with e = exp(-abs(x)); in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.sigmoid, -1.0, -1e4),
            of_overflow,
            bound="""Judged where the output is 0, the exact value is subnormal and the subject answers small normal
            values to a factor of two: a form without digits in its tail is graded by `accuracy`. Allowed is 1 / max,
            which 1 / (1 + exp(-x)) loses to overflow, and r_e / u + 1 smallest subnormals of exp and quotient. Severity
            is low: processors and compilers flush on purpose, for speed.""",
            example="flushed, the sigmoid of -88 in float32 is 0 for 6.05e-39.",
            fix="""leave gradual underflow on where these outputs matter, or use log_sigmoid in their place. The usual
            cause: flush-to-zero mode, set by -ffast-math or by a GPU's kernel.""",
        ),
        entrywise.monotone(
            example="in a vector version whose minimum and maximum miss NaN, 89 gets 0.5, and 88 gets 1.",
            fix="take exp of -abs(x) alone; let the pieces of an approximation meet where they join.",
        ),
        entrywise.symmetry(
            +1,
            one,
            "1.0",
            statement="The outputs for x and for -x add up to 1.",
            example="where exp overflows and 0.5 is given for it, the sigmoids of 89 and of -89 add up to 0.5.",
            fix="take exp of -abs(x) for both signs.",
        ),
        entrywise.limits(
            one,
            statement="Where the exact value rounds to 0 or 1, the output is that, or next to it.",
            bound="""Judged where 1 - s is below a quarter of the spacing at 1, and where s is at most half of the
            smallest subnormal. Allowed is u at 1, the distance of the next lower float, since a sound tanh may stop an
            ulp short of 1, and what underflow costs at 0.""",
            example="of inputs clipped to -10 .. 10 the sigmoid of -1000 is 4.5e-5.",
            fix="leave out the clip: exp of -abs(x) cannot overflow.",
        ),
    ),
)
