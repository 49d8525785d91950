"""The role tanh_vjp: g (1 - tanh(x)**2), entry by entry.

With t = tanh(x), f = g (1 - t**2) and the errors of `properties.model.rounding`, a sound form has one of these errors,
to first order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| 4 E / (1 + E)**2, E = exp(-2 abs(x)) or exp(-abs(x))**2 | (2 r_e + 6 u) abs(f) |
| 1 / cosh(x)**2 | (2 r_h + 4 u) abs(f) |
| the same where cosh(x)**2 overflows | f itself, at most 4 abs(g) / max, as of 4 / (exp(x) + exp(-x))**2 |
| 1 - t**2, (1 - t) (1 + t) | abs(g) ((2 r_t + u) t**2 + 2 u (1 - t**2)) + u abs(f) |

The last is absolute: its tails have no digits, and are 0 where t is 1.
"""

from __future__ import annotations

from typing import Any

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, absolute, by_cotangent, costs, overflowed, relative
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.reference.truth import hyperbolic


def of_quotients(view: View) -> Any:
    """The error of 4 E / (1 + E)**2, and of 1 / cosh(x)**2."""
    c = costs(view.fmt)
    return relative(view, view.exact, max(2 * c.exp + 6 * c.u, 2 * c.cosh + 4 * c.u), by_cotangent(view))


def of_overflow(view: View) -> Any:
    """What is lost where cosh(x)**2 overflows."""
    return abs(Shown(view).g) * (4 * overflowed(view.fmt))


def of_saved_outputs(view: View) -> Any:
    """The error of 1 - t**2."""
    at, c = Shown(view), costs(view.fmt)
    size = abs(at.g)
    return absolute(
        view,
        size * at.tanh * at.tanh * (2 * c.tanh + c.u),
        abs(view.exact) * (3 * c.u),
        size * at.small * 4.0,
        by_cotangent(view),
    )


ROLE = entrywise.vjp(
    __name__,
    "tanh_vjp",
    22,
    "g_i (1 - tanh(x_i)^2)",
    hyperbolic.tanh_vjp,
    {"full": of_quotients, "lost where exp overflows": of_overflow, "absolute": of_saved_outputs},
    properties=(
        entrywise.finite(
            bound="The derivative lies between 0 and 1, so that the product is in range: none is allowed.",
            example="4 exp(2 x) / (1 + exp(2 x))**2 of 45 in float32 is inf / inf, which is NaN.",
            fix="take exp of -2 abs(x) alone, which is at most 1.",
        ),
        entrywise.sign(
            "g",
            bound="""A sound tanh is at most 1, so that 1 - t**2 is not negative. Nothing is allowed. Severity is low
            where the excess is within the error bound of `accuracy`. NaN is judged by `finite`.""",
            example="1 - t**2 of a tanh that reaches 1.0000001 in float32 is -2.4e-7.",
            fix="limit the tanh to -1 and 1.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (2 r_e + 6 u) abs(f) of 4 E / (1 + E)**2,
            (2 r_h + 4 u) abs(f) of 1 / cosh(x)**2, 4 abs(g) / max where that overflows, and abs(g) (2 r_t + u) t**2 +
            3 u abs(f) of 1 - t**2, with second order terms and gradual underflow (`properties.roles.tanh_vjp` derives
            it). The grade tells which of them a subject keeps at every input.""",
            example="1 - x**2, which takes x for the output, of 2 is -3; it is 0.0707.",
            fix="compute 4 E / (1 + E)**2 with E = exp(-2 abs(x)); in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(hyperbolic.tanh_vjp, -2.0, -1e4, (("g", 1.0),)),
            of_overflow,
            by_cotangent,
            example="flushed, the product for x = 0 and g = 1e-39 in float32 is 0, and it is 1e-39.",
        ),
        entrywise.even(
            example="1 - t in place of 1 - t**2, of 2 and of -2, is 0.036 and 1.96.",
            fix="1 - tanh(x)**2 is even in x.",
        ),
        entrywise.limits(
            spread=by_cotangent,
            statement="Where the exact value rounds to 0, the output is that, or next to it.",
            bound="""Judged where the exact value is at most half of the smallest subnormal. Allowed is what underflow
            costs, times abs(g): a tanh is 1 there.""",
            example="of inputs limited to -5 .. 5, the product for x = 200 and g = 1 is 1.8e-4.",
            fix="leave out the clip.",
        ),
    ),
)
