"""The role sigmoid_vjp: g s (1 - s) with s = sigmoid(x), entry by entry.

With s' = sigmoid(-x), f = g s s', q = 2 u + r_e s' the error of a sound sigmoid, and the errors of
`properties.model.rounding`, a sound form has one of these errors, to first order; `properties.laws.entry_errors` has
what is beyond it.

| form | error |
|---|---|
| z / (1 + z)**2, z = exp(-abs(x)) | (r_e + 5 u) abs(f) |
| s s', both as quotients | (r_e + 6 u) abs(f): r_e (s' + s) is r_e |
| the same of s = exp(log s) | ((r_l + r_e + u) abs(log s) + 2 r_e + 6 u) abs(f) |
| the same where exp(-x) overflows | f itself, at most abs(g) / max |
| s (1 - s), of an s that is saved, by tanh too | abs(g) (q s + r_t / 2) abs(1 - 2 s) + 4 u abs(f) |

The last is absolute: its right tail has no digits, and is 0 where s is 1.
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


def of_products(view: View) -> Any:
    """The error of s s', and of z / (1 + z)**2."""
    c = costs(view.fmt)
    return relative(view, view.exact, c.exp + 6 * c.u, by_cotangent(view))


def of_rounded_exponents(view: View) -> Any:
    """The error of s s' with s = exp(log s)."""
    c = costs(view.fmt)
    return relative(view, view.exact, exponent(c, Shown(view).depth) + c.exp + 6 * c.u, by_cotangent(view))


def of_overflow(view: View) -> Any:
    """What is lost where exp(-x) overflows and s is 0."""
    return abs(Shown(view).g) * overflowed(view.fmt)


def of_saved_outputs(view: View) -> Any:
    """The error of s (1 - s)."""
    at, c = Shown(view), costs(view.fmt)
    size = abs(at.g)
    slope = abs(at.large - at.small)
    beside = size * at.s * slope * quotient(c, at.opposite) + abs(view.exact) * (4 * c.u)
    return absolute(view, size * slope * (c.tanh / 2), beside, size * at.small, by_cotangent(view))


ROLE = entrywise.vjp(
    __name__,
    "sigmoid_vjp",
    21,
    "g_i sigmoid(x_i) (1 - sigmoid(x_i))",
    logistic.sigmoid_vjp,
    {
        "full": of_products,
        "conditioned": of_rounded_exponents,
        "lost where exp overflows": of_overflow,
        "absolute": of_saved_outputs,
    },
    properties=(
        entrywise.finite(
            bound="The derivative lies between 0 and 1/4, so that the product is in range: none is allowed.",
            example="exp(-x) / (1 + exp(-x))**2 of -89 in float32 is inf / inf, which is NaN.",
            fix="take exp of -abs(x) alone, which is at most 1.",
        ),
        entrywise.sign(
            "g",
            bound="""s and 1 - s are not negative. Nothing is allowed. Severity is low where the excess is within the
            error bound of `accuracy`. NaN is judged by `finite`.""",
            example="s (s - 1) of 0 is -1/4.",
            fix="the derivative is s (1 - s), of an s between 0 and 1.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (r_e + 6 u) abs(f) of products and quotients with
            exp(-abs(x)), abs(g) / max where exp(-x) may overflow, and abs(g) (q s + r_t / 2) abs(1 - 2 s) + 4 u abs(f)
            of s (1 - s), with second order terms and gradual underflow (`properties.roles.sigmoid_vjp` derives it). The
            grade tells which of them a subject keeps at every input.""",
            example="x (1 - x), which takes x for the output, of 2 is -2; it is 0.105.",
            fix="compute z / (1 + z)**2 with z = exp(-abs(x)); in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.sigmoid_vjp, -2.0, -1e4, (("g", 1.0),)),
            of_overflow,
            by_cotangent,
            example="flushed, the product for x = -88 and g = 1 in float32 is 0 for 6.05e-39.",
        ),
        entrywise.even(
            example="s**2 in place of s (1 - s), of 2 and of -2, is 0.776 and 0.014.",
            fix="s (1 - s) is even in x: compute it of abs(x).",
        ),
        entrywise.limits(
            spread=by_cotangent,
            statement="Where the exact value rounds to 0, the output is that, or next to it.",
            bound="""Judged where the exact value is at most half of the smallest subnormal. Allowed is what underflow
            costs, times abs(g): a sigmoid is 0 or 1 there.""",
            example="of an s limited to 1e-7 .. 1 - 1e-7, the product for x = 200 and g = 1 is 1e-7.",
            fix="leave out the clip.",
        ),
    ),
)
