"""The role silu: x sigmoid(x), entry by entry, which is also called swish.

With s = sigmoid(x), s' = sigmoid(-x), f = x s and the errors of `properties.model.rounding`, a sound form has one of
these errors, to first order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| x times a quotient, x / (1 + exp(-x)) | (3 u + r_e s') abs(f) |
| x exp(log s) | ((r_l + r_e + u) abs(log s) + r_e + u) abs(f): an exponent is rounded |
| the same where exp(-x) overflows | f itself, at most abs(x) / max |
| x (1 + tanh(x / 2)) / 2 | abs(x) r_t / 2 + 2 u abs(f) |

Underflow of the sigmoid is multiplied by x, as far as its exponential is not 0. The last form is absolute: its tail has
no digits, and is 0 where the tanh is -1.
"""

from __future__ import annotations

from typing import Any

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import (
    Shown,
    absolute,
    costs,
    exponent,
    overflowed,
    quotient,
    relative,
    within_reach,
)
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.reference.truth import logistic


def spread(view: View) -> Any:
    """What an underflow of the sigmoid is multiplied by."""
    return within_reach(view, Shown(view).size) + 1.0


def of_quotients(view: View) -> Any:
    """The error of x times a sigmoid of full relative accuracy."""
    c = costs(view.fmt)
    return relative(view, view.exact, quotient(c, Shown(view).opposite) + c.u, spread(view))


def of_rounded_exponents(view: View) -> Any:
    """The error of x exp(log s)."""
    c = costs(view.fmt)
    return relative(view, view.exact, exponent(c, Shown(view).depth) + c.u, spread(view))


def of_overflow(view: View) -> Any:
    """What is lost where exp(-x) overflows and s is 0."""
    return Shown(view).size * overflowed(view.fmt)


def of_tanh(view: View) -> Any:
    """The error of x (1 + tanh(x / 2)) / 2, or x (1 + t) / 2 of another t that is as good."""
    at, c = Shown(view), costs(view.fmt)
    lost = at.size * at.small
    return absolute(view, at.size * (c.tanh / 2), abs(view.exact) * (2 * c.u), lost, spread(view))


def argument(view: View) -> Any:
    """x, entry by entry."""
    return Shown(view).x


ROLE = entrywise.role(
    __name__,
    "silu",
    18,
    "x_i / (1 + exp(-x_i))",
    logistic.silu,
    {
        "full": of_quotients,
        "conditioned": of_rounded_exponents,
        "lost where exp overflows": of_overflow,
        "absolute": of_tanh,
    },
    properties=(
        entrywise.finite(
            bound="The exact value lies between -0.28 and abs(x), which is in range: none is allowed.",
            example="x exp(x) / (1 + exp(x)) of 89 in float32 is inf / inf, which is NaN; it is 89.",
            fix="compute x times a sigmoid that takes exp of -abs(x) alone; a sigmoid is never infinite.",
        ),
        entrywise.sign(
            "x",
            bound="""A sound sigmoid is not negative, so that its product with x has the sign of x, or is 0. Nothing is
            allowed. Severity is low where the excess is within the error bound of `accuracy`. NaN is judged by
            `finite`.""",
            example="x (0.5 + p / q) of -20 in float32, with p / q a little below -0.5, is 1.2e-6.",
            fix="let the sigmoid be 0 or more, as e / (1 + e) is.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (3 u + r_e s') abs(f) of x times a quotient, and
            abs(x) / max where exp(-x) may overflow; ((r_l + r_e + u) abs(log s) + r_e + u) abs(f) of x exp(log s);
            abs(x) r_t / 2 + 2 u abs(f) of x (1 + tanh(x / 2)) / 2, with second order terms and gradual underflow
            (`properties.roles.silu` derives it). The grade tells which of them a subject keeps at every input.""",
            example="the hard form, x min(max(x + 3, 0), 6) / 6, of 1 is 0.667; it is 0.731.",
            fix="compute x / (1 + exp(-x)), or x times a careful sigmoid; in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.silu, -2.0, -1e4),
            spread=spread,
            example="flushed, the silu of -92 in float32 is 0 for -1.02e-38.",
        ),
        entrywise.monotone(
            0.0,
            statement="From 0 on, a larger input has no smaller output, up to rounding.",
            example="where inf / inf is replaced by 0, silu(88) is 88 and silu(89) is 0.",
            fix="take exp of -abs(x) alone; let the pieces of an approximation meet where they join.",
        ),
        entrywise.symmetry(
            -1,
            argument,
            "float(x{at})",
            statement="The output for x less that for -x is x.",
            bound="""x s + x s' is x, and negation is exact. Each output is within the error bound of `accuracy` of its
            own exact value: allowed is the sum of the two.""",
            example="of a sigmoid that is 1/2 for large x, silu(89) - silu(-89) is 44.5.",
            fix="take exp of -abs(x) for both signs.",
        ),
        entrywise.limits(
            argument,
            spread=spread,
            statement="Where the exact value rounds to 0 or to x, the output is that, or next to it.",
            bound="""Judged where the distance is below a quarter of the spacing at x, or the value at most half of the
            smallest subnormal. Allowed at x is the spacing: s is 1, or u below it, and x (1 - u) is at most the next
            float. At 0 it is what underflow costs: a tanh is -1 there.""",
            example="with inputs of the sigmoid clipped to -10 .. 10, the silu of -1000 is -0.045.",
            fix="leave out the clip: exp of -abs(x) cannot overflow.",
        ),
    ),
)
