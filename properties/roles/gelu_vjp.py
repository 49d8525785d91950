"""The role gelu_vjp: g (Phi(x) + x phi(x)), with the normal distribution Phi and its density phi, entry by entry.

The derivative is 0 at x = -0.752, so that no error is relative to it. With the errors of `properties.model.rounding`, a
sound form has one of these errors times abs(g), to first order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| with exact arguments | (r_e + r_c + 8 u) (Phi + abs(x) phi) |
| Phi by erfc | abs(x) phi (u x**2 / 2 + r_e + 7 u) + r_c Phi + 2 u (Phi + abs(x) phi) |
| Phi by erf | the same with r_f / 2 + u Phi in place of r_c Phi |

x**2 is rounded in the exponent of phi. The argument of erfc is rounded twice, which costs Phi 2 u abs(x) phi, and its
own rounded square u x**2 Phi / 2, which is at most u abs(x) phi / 2 where x is negative (`properties.roles.gelu`). The
last is absolute: Phi has no digits in the tail, and is 0 where erf is -1.
"""

from __future__ import annotations

from typing import Any

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, absolute, bent, by_cotangent, costs, first_order, within_reach
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.properties.roles.gelu import near
from extremum.reference.truth import gaussian


def spread(view: View) -> Any:
    """What an underflow of Phi or phi is multiplied by."""
    return by_cotangent(view) * (within_reach(view, Shown(view).size) + 1.0)


def terms(view: View) -> Any:
    """abs(g) (Phi + abs(x) phi): the sizes of the terms."""
    at = Shown(view)
    return abs(at.g) * (at.density * near(view) + at.s)


def densities(view: View) -> Any:
    """The error of abs(g) x phi by a rounded square, with what the argument of Phi costs."""
    at, c, size = Shown(view), costs(view.fmt), near(view)
    return abs(at.g) * (at.density * (size * (bent(size * size * (c.u / 2)) + c.exp + 7 * c.u)))


def of_exact_arguments(view: View) -> Any:
    """The error of a Phi and a phi of full relative accuracy."""
    c = costs(view.fmt)
    return first_order(view, terms(view) * (c.exp + c.erfc + 8 * c.u), spread(view))


def of_erfc(view: View) -> Any:
    """The error with Phi by erfc."""
    at, c = Shown(view), costs(view.fmt)
    error = densities(view) + abs(at.g) * at.s * c.erfc + terms(view) * (2 * c.u)
    return first_order(view, error, spread(view))


def of_erf(view: View) -> Any:
    """The error with Phi by erf."""
    at, c = Shown(view), costs(view.fmt)
    size = abs(at.g)
    beside = densities(view) + terms(view) * (3 * c.u)
    return absolute(view, size * (c.erf / 2), beside, size * at.small, spread(view))


ROLE = entrywise.vjp(
    __name__,
    "gelu_vjp",
    26,
    "g_i (Phi(x_i) + x_i phi(x_i))",
    gaussian.gelu_vjp,
    {"full": of_exact_arguments, "conditioned": of_erfc, "absolute": of_erf},
    properties=(
        entrywise.finite(
            bound="The derivative lies between -0.13 and 1.13, so that the product is in range: none is allowed.",
            example="x exp(x**2 / 2) / exp(x**2) of 14 in float32 is inf / inf, which is NaN.",
            fix="take exp of -x**2 / 2 alone, which is at most 1.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms, times abs(g): abs(x) phi (u x**2 / 2 + r_e + 7 u)
            and r_c Phi of erfc, or r_f / 2 + u Phi of erf, with second order terms and gradual underflow
            (`properties.roles.gelu_vjp` derives it). The grade tells which of them a subject keeps at every input.""",
            example="Phi(x) alone, without x phi(x), of 1 is 0.841; it is 1.083.",
            fix="compute g (erfc(-x / sqrt(2)) / 2 + x phi(x)); in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(gaussian.gelu_vjp, -3.0, -1e4, (("g", 1.0),)),
            spread=spread,
            example="flushed, the product for x = -13.4 and g = 1 in float32 is 0 for a subnormal number.",
        ),
        entrywise.adding_up_to_cotangent(
            bound="""gelu(x) - gelu(-x) is x, so that the derivatives add up to 1, and negation is exact. Each output is
            within the error bound of `accuracy` of its own exact value: allowed is the sum of the two.""",
            example="with abs(x) phi(x) in place of x phi(x), those of 1 and of -1 add up to 1.48.",
            fix="Phi(x) + x phi(x), with the sign of x.",
        ),
        entrywise.limits_of_cotangent(
            "the error of an erf next to 1",
            allowed=of_erf,
            spread=spread,
            example="with x limited to -3 .. 3, x = -1000 and g = 1 get -0.012.",
            fix="leave out the clip: erf takes every number.",
        ),
    ),
)
