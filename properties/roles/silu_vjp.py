"""The role silu_vjp: g s (1 + x s') with s = sigmoid(x) and s' = sigmoid(-x), entry by entry.

The derivative is 0 at x = -1.278, so that no error is relative to it. With M = s (1 + abs(x) s'), the sizes of its
terms, q = 2 u + r_e s' and q' = 2 u + r_e s, a sound form has one of these errors times abs(g), to first order;
`properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| s (1 + x s'), both as quotients | (q + q' + 5 u) M |
| the same of s = exp(log s) | ((r_l + r_e + u) abs(log s) + r_e + q' + 5 u) M |
| the same where an exponential overflows | (1 + abs(x)) / max |
| s (1 + x (1 - s)), of an s that is saved, by tanh too | (1 + abs(x)) (q s + r_t / 2) + 5 u M |

The last is absolute: a difference is multiplied by x, as far as s is not 1.
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
    first_order,
    overflowed,
    quotient,
    within_reach,
)
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.reference.truth import logistic


def spread(view: View) -> Any:
    """What an underflow of a sigmoid is multiplied by."""
    return by_cotangent(view) * (within_reach(view, Shown(view).size) + 1.0)


def terms(view: View) -> Any:
    """abs(g) M: the sizes of the terms."""
    at = Shown(view)
    return abs(at.g) * (at.s * (at.size * at.opposite + 1.0))


def of_products(view: View) -> Any:
    """The error of s (1 + x s')."""
    c = costs(view.fmt)
    return first_order(view, terms(view) * (c.exp + 9 * c.u), spread(view))


def of_rounded_exponents(view: View) -> Any:
    """The error of s (1 + x s') with s = exp(log s)."""
    at, c = Shown(view), costs(view.fmt)
    t = exponent(c, at.depth) + quotient(c, at.s) + 5 * c.u
    return first_order(view, terms(view) * t * (t * 4.0 + 1.0), spread(view))


def of_overflow(view: View) -> Any:
    """What is lost where exp(-x) overflows and s is 0."""
    at = Shown(view)
    return abs(at.g) * ((at.size + 1.0) * overflowed(view.fmt))


def of_saved_outputs(view: View) -> Any:
    """The error of s (1 + x (1 - s))."""
    at, c = Shown(view), costs(view.fmt)
    error = (at.size + 1.0) * (at.s * quotient(c, at.opposite) + c.tanh / 2)
    lost = abs(at.g) * ((at.size + 1.0) * at.small)
    return absolute(view, abs(at.g) * error, terms(view) * (5 * c.u), lost, spread(view))


ROLE = entrywise.vjp(
    __name__,
    "silu_vjp",
    25,
    "g_i s_i (1 + x_i (1 - s_i)), s = sigmoid(x)",
    logistic.silu_vjp,
    {
        "full": of_products,
        "conditioned": of_rounded_exponents,
        "lost where exp overflows": of_overflow,
        "absolute": of_saved_outputs,
    },
    properties=(
        entrywise.finite(
            bound="The derivative lies between -0.1 and 1.1, so that the product is in range: none is allowed.",
            example="with s = exp(x) / (1 + exp(x)), x = 89 in float32 gets NaN.",
            fix="take exp of -abs(x) alone, which is at most 1.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms, times abs(g): (r_e + 9 u) M of s (1 + x s'), with
            M = s (1 + abs(x) s'), (1 + abs(x)) / max where exp(-x) may overflow, and (1 + abs(x)) (q s + r_t / 2) +
            5 u M of s (1 + x (1 - s)), with second order terms and gradual underflow (`properties.roles.silu_vjp`
            derives it). The grade tells which of them a subject keeps at every input.""",
            example="s (1 - s), as of the sigmoid, of 1 is 0.197; it is 0.928.",
            fix="compute g s (1 + x s') with s' = sigmoid(-x); in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.silu_vjp, -3.0, -1e4, (("g", 1.0),)),
            spread=spread,
            example="flushed, the product for x = -92 and g = 1 in float32 is 0 for -1.01e-38.",
        ),
        entrywise.adding_up_to_cotangent(
            bound="""silu(x) - silu(-x) is x, so that the derivatives add up to 1, and negation is exact. Each output is
            within the error bound of `accuracy` of its own exact value: allowed is the sum of the two.""",
            example="s + x s' of 2 and of -2, without the factor s, add up to 1 - 1.52.",
            fix="compute s (1 + x s'), the derivative of the product x s.",
        ),
        entrywise.limits_of_cotangent(
            "the error of s (1 + x (1 - s))",
            allowed=of_saved_outputs,
            spread=spread,
            example="with the argument of the sigmoid limited to -10 .. 10, x = -1000 and g = 1 get -0.045.",
            fix="leave out the clip: exp of -abs(x) cannot overflow.",
        ),
    ),
)
