"""The role softplus: log(1 + exp(x)), entry by entry.

With f = softplus(x), z = exp(-abs(x)), s = sigmoid(x) and the errors of `properties.model.rounding`, a sound form has
one of these errors, to first order; `properties.laws.entry_errors` has what is beyond it.

| form | error |
|---|---|
| max(x, 0) + log1p(z), logaddexp(0, x) | (r_e + r_l + u) f: d log log1p(z) / d log z is at most 1, all are positive |
| log(1 + exp(x)) | u + r_e s + r_l f: u of the sum, and r_e of exp times d f / dx = s |
| -log(sigmoid(-x)) | 2 u + r_e s + r_l f: the relative error of the sigmoid, and the logarithm's |

The last two are absolute: they have no digits where f is below u. Where they overflow they are infinite or NaN, which
is in no class. Nor is x itself beyond a threshold of 20: it is off by 2.1e-9, which rounds away in float32 and is 6e5
units in the last place in float64. Since people choose it knowingly, it is judged apart, by `threshold`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, costs, first_order, relative
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.laws.measures import absolute_error
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.view import Measured, View
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import where
from extremum.reference.truth import logistic

FAR = 16.0  # where softplus(x) - x is 1.1e-7, and beyond


def of_sums(view: View) -> Any:
    """The error of the forms that add log1p(exp(-abs(x))), which have full relative accuracy."""
    c = costs(view.fmt)
    return relative(view, view.exact, c.exp + c.log + c.u)


def of_logarithms(view: View) -> Any:
    """The error of the logarithm of a number that is computed first, 1 + exp(x) or a sigmoid."""
    return log_error(view, Shown(view).s)


def log_error(view: View, slope: Any) -> Any:
    """The error of the logarithm of a number of which u and r_e cost 2 u + r_e times the slope."""
    c = costs(view.fmt)
    return first_order(view, slope * c.exp + abs(view.exact) * c.log + 2 * c.u)


def argument(view: View) -> Any:
    """x, entry by entry."""
    return Shown(view).x


def returned(view: View) -> Array:
    """Where the output is x itself, though it is no more than the threshold of 20 that people choose, as a mask."""
    x = view.at(view.observation.x)
    return np.asarray((view.at(view.answer) == x) & (np.abs(x) >= FAR) & (np.abs(view.narrow(view.exact)) >= FAR))


def error_elsewhere(view: View) -> Measured:
    """The error of each entry, 0 where it is x; the error bound of the role is allowed."""
    error, allowed = absolute_error(view)
    return where(returned(view), 0.0, error), allowed


def error_of_argument(view: View) -> Measured:
    """The error of each entry that is x, far from 0; the error bound of the role is allowed."""
    error, allowed = absolute_error(view)
    return where(~returned(view), 0.0, error), allowed


def none_returned(view: View, _whole: View | None) -> bool:
    """Whether no output is x itself, far from 0."""
    x = view.observation.x
    return bool(np.abs(x).max() < FAR) or not (view.answer == x).any()


def threshold(code: str, **texts: Any) -> Property:
    """Where the answer is x, it has to round to that."""
    return Property(
        name="threshold",
        code=code,
        measure=error_of_argument,
        clear=none_returned,
        unit="ulp",
        scale=ulp,
        severity="medium",
        **texts,
    )


ROLE = entrywise.role(
    __name__,
    "softplus",
    16,
    "log(1 + exp(x_i))",
    logistic.softplus,
    {"full": of_sums, "absolute": of_logarithms},
    properties=(
        entrywise.finite(
            bound="The exact value lies between 0 and abs(x) + log 2, which is in range: none is allowed.",
            example="log(1 + exp(x)) of 89 in float32 is log(inf), which is inf; it is 89.",
            fix="compute max(x, 0) + log1p(exp(-abs(x))), or logaddexp(0, x).",
        ),
        entrywise.in_range(
            0.0,
            np.inf,
            statement="No output is negative.",
            bound="""1 + exp(x) is at least 1 under any monotone rounding, so that its logarithm is not negative, and
            neither is a sum of what is not. Nothing is allowed. Severity is low where the excess is within the error
            bound of `accuracy`. NaN is judged by `finite`.""",
            example="log(exp(x) + 1 - 1e-7), with an epsilon of the wrong sign, of -30 is -1e-7.",
            fix="compute max(x, 0) + log1p(exp(-abs(x))).",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (r_e + r_l + u) f of max(x, 0) + log1p(z), and
            2 u + r_e s + r_l f of the logarithm of 1 + exp(x) or of a sigmoid, with second order terms and gradual
            underflow (`properties.roles.softplus` derives it). The grade tells which of them a subject keeps at every
            input. Where the output is x itself, beyond 16, `threshold` judges it.""",
            example="log(1 + exp(x) + 1e-3) of -20 is 1e-3, for 2.1e-9.",
            fix="compute max(x, 0) + log1p(exp(-abs(x))), or logaddexp(0, x); in 16 bits compute in float32.",
            measure=error_elsewhere,
        ),
        threshold(
            "12",
            statement="The output is x only where softplus(x) rounds to x, as closely as a sound algorithm comes.",
            bound="""Judged where the output is x, beyond 16. softplus(x) - x is log1p(exp(-x)): at a threshold of 20,
            as in torch.nn.Softplus, it is 2.1e-9, below half of the spacing in float32, and 5.8e5 spacings in float64.
            Allowed is the error bound of `accuracy`. Severity is medium: the threshold is documented.""",
            example="torch.nn.functional.softplus of 20.5 in float64 is 20.5, off by 1.3e-9.",
            fix="compute max(x, 0) + log1p(exp(-abs(x))), which needs no threshold; in float64 37 costs no digit.",
        ),
        gradual_underflow(
            Tail(logistic.softplus, -1.0, -1e4),
            example="flushed, the softplus of -88 in float32 is 0 for 6.05e-39.",
        ),
        entrywise.monotone(
            example="log1p(exp(x)) below 5 and x from there on falls from 5.0067 to 5.",
            fix="let a threshold lie where softplus(x) rounds to x.",
        ),
        entrywise.symmetry(
            -1,
            argument,
            "float(x{at})",
            statement="The output for x less that for -x is x.",
            example="of exp limited to exp(80), softplus(100) - softplus(-100) is 80.",
            fix="take exp of -abs(x) for both signs, and add max(x, 0).",
        ),
        entrywise.limits(
            argument,
            allowed=of_logarithms,
            statement="Where the exact value rounds to 0 or to x, the output is that, or near to it.",
            bound="""Judged where the distance is below a quarter of the spacing at x, or the value at most half of the
            smallest subnormal. At 0 every sound form is 0, or what underflow costs. At x it is the error of
            log(1 + exp(x)), 2 u + r_e + r_l x.""",
            example="log(1 + exp(x) + 1e-6) of -1000 is 1e-6.",
            fix="leave out the epsilon and the clip.",
        ),
    ),
)
