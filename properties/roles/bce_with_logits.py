"""The role bce_with_logits: softplus(x) - x y, the binary cross-entropy of a target y in [0, 1], entry by entry.

With l = log1p(exp(-abs(x))), the value is f = abs(x) m + l, m being 1 - y for x from 0 on and y below: a sum of what is
not negative. With the errors of `properties.model.rounding`, a sound form has one of these errors, to first order;
`properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| (1 - y) softplus(x) + y softplus(-x) | (r_e + r_l + 4 u) f |
| (max(x, 0) - x y) + l | u abs(x y) + u abs(max(x, 0) - x y) + (r_e + r_l) l + u f |
| softplus(x) - x y, (1 - y) x - log_sigmoid(x) | (r_e + r_l + 3 u) l + u (3 abs(x) + 2 f) |

A product x y is rounded, where y is neither 0 nor 1: that is the condition of f with respect to y, abs(x) y / f. The
last takes a difference even of labels 0 and 1: it is absolute, and may be 0 or negative where f is below u abs(x).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.inputs.targets import with_targets
from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, costs, first_order, relative
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import where
from extremum.reference.truth import logistic

SPREAD = 2.0  # times the underflow of exp: a product underflows besides


def of_weighted_sums(view: View) -> Any:
    """The error of a sum of two softplus, weighted."""
    c = costs(view.fmt)
    return relative(view, view.exact, c.exp + c.log + 4 * c.u, SPREAD)


def of_rounded_products(view: View) -> Any:
    """The error of (max(x, 0) - x y) + l."""
    at, c = Shown(view), costs(view.fmt)
    product = where(view.at(view.observation.arguments["y"] == 1), 0.0, at.size * at.y)
    rest = view.exact - at.gained
    return first_order(view, (product + rest + view.exact) * c.u + at.gained * (c.exp + c.log), SPREAD)


def of_differences(view: View) -> Any:
    """The error of softplus(x) - x y, and of (1 - y) x - log_sigmoid(x)."""
    at, c = Shown(view), costs(view.fmt)
    return first_order(view, at.gained * (c.exp + c.log + 3 * c.u) + (at.size * 3.0 + view.exact * 2.0) * c.u, SPREAD)


def difference(view: View) -> Any:
    """x (1 - 2 y), by which the loss of x exceeds that of -x."""
    at = Shown(view)
    return at.x * (at.y * -2.0 + 1.0)


def logits_and_targets(draw: Draw, regime: Regime) -> Arguments:
    """Logits `x`, and a target `y` for each."""
    return {"x": regime.fill(draw), "y": with_targets(draw)}


def targets_are_chances(arguments: Arguments, _fmt: Format) -> Array:
    """Rows (a mask) whose targets are from 0 to 1."""
    y = arguments["y"].astype(np.float64)
    return np.asarray(((y >= 0) & (y <= 1)).all(axis=-1))


ROLE = entrywise.role(
    __name__,
    "bce_with_logits",
    28,
    "log(1 + exp(x_i)) - x_i y_i",
    logistic.bce_with_logits,
    {"full": of_weighted_sums, "conditioned": of_rounded_products, "absolute": of_differences},
    call="f(x, y)",
    signature=Signature(inputs={"x": 1, "y": 1}),
    arguments=logits_and_targets,
    derived_for=targets_are_chances,
    properties=(
        entrywise.finite(
            bound="The exact value lies between 0 and abs(x) + log 2, which is in range: none is allowed.",
            example="-y log(s) - (1 - y) log(1 - s) of x = 20 and y = 0 in float32 is -log(0), which is inf; it is 20.",
            fix="compute max(x, 0) - x y + log1p(exp(-abs(x))), never the logarithm of a sigmoid.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (r_e + r_l + 4 u) f of a weighted sum of softplus,
            u abs(x y), where y is neither 0 nor 1, of max(x, 0) - x y + l, and (r_e + r_l + 3 u) l + u (3 abs(x) + 2 f)
            of softplus(x) - x y, with second order terms and gradual underflow (`properties.roles.bce_with_logits`
            derives it). The grade tells which of them a subject keeps at every input.""",
            example="with the sigmoid limited to 1e-7 .. 1 - 1e-7, x = 50 and y = 0 get 16.1.",
            fix="compute max(x, 0) - x y + log1p(exp(-abs(x))); in 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(logistic.bce_with_logits, -2.0, -1e4, (("y", 0.0),)),
            spread=lambda _: SPREAD,
            example="flushed, the loss of x = -88 and y = 0 in float32 is 0 for 6.05e-39.",
        ),
        entrywise.symmetry(
            -1,
            difference,
            "float(x{at}) * (1 - 2 * float(y{at}))",
            "y",
            statement="The output for x less that for -x is x (1 - 2 y).",
            example="of abs(x) in place of x, the losses of 1 and of -1 are the same for every y.",
            fix="softplus(x) - x y, with the sign of x in both terms.",
        ),
        entrywise.limits(
            spread=lambda _: SPREAD,
            statement="Where the exact value rounds to 0, the output is that, or next to it.",
            bound="""Judged where the exact value is at most half of the smallest subnormal: y is the label that x is
            sure of. There exp(-abs(x)) is 0, or what underflow costs, and softplus(x) is x to the last bit.""",
            example="with the sigmoid limited to 1e-7 .. 1 - 1e-7, x = 200 and y = 1 get 1e-7.",
            fix="leave out the clip and the epsilon.",
        ),
    ),
)
