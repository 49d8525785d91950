"""The role gelu_tanh_vjp: g S (1 + x t' S') with t = 2 sqrt(2 / pi) (x + 0.044715 x**3), S = sigmoid(t), S' = 1 - S.

The derivative is 0 at x = -0.753, so that no error is relative to it. With k = abs(x t'), M = S (1 + k S'), the sizes
of its terms, and the errors of `properties.model.rounding`, a sound form has one of these errors times abs(g), to first
order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| with an exact argument | (2 r_e + 12 u) M |
| S (1 + x t' S'), t with seven roundings | (7 u abs(t) S' + 2 r_e + 12 u) M + 7 u abs(t) k S**2 S' |
| the same where an exponential overflows | (1 + k) / max |
| (1 + T) / 2 + x p' (1 - T**2) / 2, T = tanh(p), p = t / 2 | r_t / 2 + u S + 7 u abs(t) S S' + k ((2 r_t + u) T**2 + |
| | 28 u abs(t) S S' + 16 u S S') / 4 + 2 u M |

The last is absolute: its tails have no digits. Where x**2 overflows it is NaN, which is in no class.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import (
    Shown,
    absolute,
    bent,
    by_cotangent,
    costs,
    first_order,
    overflowed,
    within_reach,
)
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.properties.roles.gelu_tanh import ROUNDINGS
from extremum.reference.truth import logistic


def spread(view: View) -> Any:
    """What an underflow of a sigmoid is multiplied by."""
    return by_cotangent(view) * (steepness(view) + 1.0)


def steepness(view: View) -> Any:
    """k = abs(x t'), as far as a sigmoid of t is not 0: it is at most 3 abs(t)."""
    at = Shown(view)
    return np.minimum(view.narrow(at.slope), 3.0 * within_reach(view, at.below * -1.0))


def moved(view: View) -> Any:
    """The absolute error of t, as far as a sigmoid of it is not 0."""
    return bent(within_reach(view, Shown(view).below * -1.0) * (ROUNDINGS * costs(view.fmt).u))


def terms(view: View) -> Any:
    """abs(g) M: the sizes of the terms."""
    at = Shown(view)
    return abs(at.g) * (at.s * (at.opposite * steepness(view) + 1.0))


def of_exact_arguments(view: View) -> Any:
    """The error of S (1 + x t' S') with sigmoids of full relative accuracy."""
    c = costs(view.fmt)
    return first_order(view, terms(view) * (2 * c.exp + 12 * c.u), spread(view))


def of_rounded_arguments(view: View) -> Any:
    """The error of S (1 + x t' S') with a rounded t."""
    at, c = Shown(view), costs(view.fmt)
    of_s = terms(view) * (at.opposite * moved(view) + 2 * c.exp + 12 * c.u)
    of_opposite = abs(at.g) * at.s * at.s * at.opposite * (moved(view) * steepness(view))
    return first_order(view, of_s + of_opposite, spread(view))


def of_overflow(view: View) -> Any:
    """What is lost where an exponential overflows and S is 0."""
    return abs(Shown(view).g) * ((steepness(view) + 1.0) * overflowed(view.fmt))


def of_tanh(view: View) -> Any:
    """The error of (1 + T) / 2 + x p' (1 - T**2) / 2."""
    at, c, k = Shown(view), costs(view.fmt), steepness(view)
    size, both = abs(at.g), at.large * at.small
    square = (at.large - at.small) * (at.large - at.small)
    error = size * (square * (k * ((2 * c.tanh + c.u) / 4)) + c.tanh / 2)
    rounded = size * (both * (moved(view) + k * (moved(view) + 4 * c.u)) + at.s * c.u)
    return absolute(view, error, rounded + terms(view) * (3 * c.u), size * at.small * (k + 1.0), spread(view))


ROLE = entrywise.vjp(
    __name__,
    "gelu_tanh_vjp",
    27,
    "g_i S_i (1 + x_i t'_i (1 - S_i)), S = sigmoid(t)",
    logistic.gelu_tanh_vjp,
    {
        "full": of_exact_arguments,
        "conditioned": of_rounded_arguments,
        "lost where exp overflows": of_overflow,
        "absolute": of_tanh,
    },
    properties=(
        entrywise.finite(
            bound="The derivative lies between -0.13 and 1.13, so that the product is in range: none is allowed.",
            example="x p' (1 - T**2) of 2e19 in float32 is inf times 0, which is NaN; the derivative is 1.",
            fix="limit x to -30 .. 30 first: beyond, the derivative is 0 or 1 to the last bit.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms, times abs(g): (7 u abs(t) S' + 2 r_e + 12 u) M +
            7 u abs(t) k S**2 S' of S (1 + x t' S'), (1 + k) / max where exp may overflow, and that of
            (1 + T) / 2 + x p' (1 - T**2) / 2 with T = tanh(p), with second order terms and gradual underflow
            (`properties.roles.gelu_tanh_vjp` derives it). The grade tells which of them a subject keeps at every
            input.""",
            example="(1 + T) / 2 alone, of 1, is 0.841; the derivative is 1.083.",
            fix="compute S (1 + x t' S'); in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.gelu_tanh_vjp, -3.0, -1e4, (("g", 1.0),)),
            spread=spread,
            example="flushed, the product for x = -10.4 and g = 1 in float32 is 0 for a subnormal number.",
        ),
        entrywise.adding_up_to_cotangent(
            bound="""gelu(x) - gelu(-x) is x, so that the derivatives add up to 1, and negation is exact. Each output is
            within the error bound of `accuracy` of its own exact value: allowed is the sum of the two.""",
            example="with abs(x) in place of x, those of 1 and of -1 add up to 1.48.",
            fix="keep the sign of x: x t' is odd.",
        ),
        entrywise.limits_of_cotangent(
            "the error of the form by tanh",
            allowed=of_tanh,
            spread=spread,
            example="with x limited to -3 .. 3, x = -1000 and g = 1 get -0.012.",
            fix="limit x where the derivative is 0 or 1 to the last bit.",
        ),
    ),
)
