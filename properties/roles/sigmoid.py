"""The role sigmoid: 1 / (1 + exp(-x)), entry by entry.

With s = sigmoid(x), s' = sigmoid(-x) and the errors of `properties.model.rounding`, a sound form has one of these
errors, to first order; `properties.laws.entrywise.relative` has what is beyond it.

| form | error |
|---|---|
| e = exp(-abs(x)): 1 / (1 + e), e / (1 + e) | (2 u + r_e s') s: d log s / d log e is -s', or s' with e on top |
| 1 / (1 + exp(-x)) | the same, and 0 where exp overflows: there s is at most 1 / max |
| exp(log s), log s by log1p or logaddexp | ((r_l + r_e + u) abs(log s) + r_e) s: an exponent is rounded |
| (1 + tanh(x / 2)) / 2 | r_t / 2 + u s: the halving is exact, and the sum cancels |

The last is absolute: it has no digits where s is below it. `accuracy` allows the largest of the four at each x.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from extremum.properties.laws import contract
from extremum.properties.laws.entrywise import (
    beside_the_normal_range,
    flushed_tail,
    following,
    gradual,
    in_order,
    mirrored,
    overflowed,
    relative,
)
from extremum.properties.laws.measures import absolute_error, all_in_range, larger, nonfinite
from extremum.properties.model.property import Property, subnormal, ulp
from extremum.properties.model.role import Role
from extremum.properties.model.rounding import EXP_ERROR, LOG_ERROR, TANH_ERROR
from extremum.properties.model.view import Measured, View
from extremum.reference.arithmetic.wide import choose
from extremum.reference.truth import Columns, logistic


def of_quotients(view: View) -> Any:
    """The error of the forms with exp(-abs(x)), which have full relative accuracy."""
    return _quotients(view, view.columns)


def _quotients(view: View, columns: Columns) -> Any:
    u, parts = view.fmt.unit_roundoff, view.parts
    t = parts.opposite[:, columns] * (EXP_ERROR[view.fmt.name] * u) + 2 * u
    return relative(view, parts.s[:, columns], t)


def of_rounded_exponents(view: View) -> Any:
    """The error of exp(log s), or of quotients where that is more."""
    return larger(view, _exponents(view, view.columns), of_quotients(view))


def _exponents(view: View, columns: Columns) -> Any:
    u, parts, r = view.fmt.unit_roundoff, view.parts, EXP_ERROR[view.fmt.name]
    t = parts.depth[:, columns] * ((LOG_ERROR[view.fmt.name] + r + 1) * u) + r * u
    return relative(view, parts.s[:, columns], t)


def of_overflow(view: View) -> Any:
    """The error of quotients that are 0 where exp(-x) overflows."""
    return of_quotients(view) + overflowed(view.fmt)


def error_bound(view: View) -> Any:
    """The error of the widest form that is sound, tanh's included."""
    return _widest(view, view.columns)


def _widest(view: View, columns: Columns) -> Any:
    u = view.fmt.unit_roundoff
    tanh = relative(view, view.parts.s[:, columns], u) + TANH_ERROR[view.fmt.name] / 2 * u
    lost = _quotients(view, columns) + overflowed(view.fmt)
    return larger(view, larger(view, tanh, lost), _exponents(view, columns))


def outside(view: View) -> Measured:
    """How far each output lies below 0 or above 1, 0 for NaN; nothing is allowed."""
    out = np.nan_to_num(view.answer[:, view.columns].astype(np.float64), nan=0.0)
    return np.maximum(np.maximum(-out, out - 1.0), 0.0), 0.0


def inside(view: View) -> bool:
    """Whether all outputs are between 0 and 1."""
    return bool(view.answer.min() >= 0 and view.answer.max() <= 1)


def drop(view: View) -> Measured:
    """By how much an output falls from one entry to the next larger; allowed is what both may be off."""
    return view.out - view.other, _widest(view, view.columns) + _widest(view, following(view))


def asymmetry(view: View) -> Measured:
    """How far f(x) + f(-x) is from 1; allowed is what both may be off."""
    negated = replace(view.observation, arguments={"x": -view.observation.x})
    columns = None if isinstance(view.columns, slice) else view.columns
    opposite = View(view.role, view.fmt, negated, view.arithmetic, columns)
    return view.error(abs(view.out + view.other - 1.0)), view.error_bound + opposite.error_bound


def short_of_limits(view: View) -> Measured:
    """How far an output is from 0 or 1 where the exact value rounds to that, else 0.

    Allowed is u, an ulp below 1, and at 0 half of it, which (1 + tanh(x / 2)) / 2 leaves where tanh stops an ulp short.
    """
    s, rest = (view.narrow(part[:, view.columns]) for part in (view.parts.s, view.parts.opposite))
    u = view.fmt.unit_roundoff
    at_one, at_zero = rest < u / 2, s < view.fmt.eta / 2
    off = choose(at_one, view.out - 1.0, choose(at_zero, view.out, view.out * 0.0))
    return view.error(abs(off)), np.where(at_one, u, u / 2 + gradual(view.fmt))


def at_limits(view: View) -> bool:
    """Whether all outputs are 1 for positive x, or 0 for negative, or no abs(x) exceeds 1: no such value rounds so."""
    x, out = view.observation.x, view.answer
    at_one, at_zero = x.min() >= 0 and (out == 1).all(), x.max() < 0 and (out == 0).all()
    return bool(at_one or at_zero or (x.max() <= 1 and x.min() >= -1))


ROLE = Role(
    name="sigmoid",
    call="f(x)",
    value="1 / (1 + exp(-x_i))",
    truth=logistic.sigmoid,
    error_bound=error_bound,
    bounded=True,
    entrywise=True,
    contested=("empty-batch", "empty-row", "integer", "boolean", "zero-dimensional"),
    properties=(
        Property(
            name="finite",
            code="EX1401",
            statement="No output is NaN or infinite.",
            bound="The exact value lies between 0 and 1, so no rounding can excuse another answer: none is allowed.",
            example="exp(x) / (1 + exp(x)) of 89 in float32 is inf / inf, which is NaN.",
            fix="take exp of -abs(x) alone, which is at most 1.",
            measure=nonfinite,
            clear=all_in_range,
            source=__name__,
            unit="outputs",
            severity="critical",
            exact=True,
        ),
        Property(
            name="range",
            code="EX1402",
            statement="No output is below 0 or above 1.",
            bound="""1 + e is at least 1 and at least e under any monotone rounding, so neither quotient exceeds 1; exp
            of a number that is not positive is at most 1; and a tanh never exceeds 1. Nothing is allowed. Severity is
            low where the excess is within the error bound of `accuracy`. NaN is judged by `finite`.""",
            example="0.5 + p / q of -18.25 in float32, with p / q a little beyond -0.5, is -6e-8.",
            fix="compute the small side directly, as e / (1 + e), or limit the answer to 0 and 1.",
            measure=outside,
            clear=inside,
            source=__name__,
            unit="value",
            exact=True,
            petty=error_bound,
            script=("got = float(f({args}){at})", "expected = min(max(got, 0.0), 1.0)", "allowed = 0.0"),
        ),
        Property(
            name="accuracy",
            code="EX1405",
            statement="Every output is as close to the exact value as a sound algorithm comes.",
            bound="""Allowed is the largest error of the sound forms: (2 u + r_e s') s of quotients with exp(-abs(x)),
            and 1 / max where exp(-x) may overflow; ((r_l + r_e + u) abs(log s) + r_e) s of exp(log s); r_t / 2 + u s
            of (1 + tanh(x / 2)) / 2, with s' = sigmoid(-x). To it come second order terms and gradual underflow
            (`properties.roles.sigmoid` and `properties.laws.entrywise` derive it). The grade tells which of them a
            subject keeps at every input.""",
            example="1 - 1 / (1 + exp(x)) of -7.8 in float16 is 0 for 4.1e-4.",
            fix="compute the small side directly, as e / (1 + e) with e = exp(-abs(x)); in 16 bits compute in float32.",
            measure=absolute_error,
            source=__name__,
            unit="ulp",
            scale=ulp,
            grades={
                "full": of_quotients,
                "conditioned": of_rounded_exponents,
                "lost where exp overflows": of_overflow,
                "absolute": None,
            },
        ),
        Property(
            name="gradual_underflow",
            code="EX1406",
            statement="Outputs below the smallest normal are rounded, not flushed to zero.",
            bound="""Judged where the output is 0, the exact value is subnormal and the subject answers small normal
            values to a factor of two: a form without digits in its tail is graded by `accuracy`. Allowed is 1 / max,
            which 1 / (1 + exp(-x)) loses to overflow, and r_e / u + 1 smallest subnormals of exp and quotient. Severity
            is low: processors and compilers flush on purpose, for speed.""",
            example="flushed, the sigmoid of -88 in float32 is 0 for 6.05e-39.",
            fix="""leave gradual underflow on where these outputs matter, or use log_sigmoid in their place. The usual
            cause: flush-to-zero mode, set by -ffast-math or by a GPU's kernel.""",
            measure=flushed_tail,
            observe=beside_the_normal_range,
            source=__name__,
            unit="ulp",
            scale=subnormal,
            severity="low",
        ),
        Property(
            name="monotone",
            code="EX1409",
            statement="A larger input has no smaller output, and equal inputs have equal outputs, up to rounding.",
            bound="""Entries are compared in the order of x, neighbours with each other. The exact values do not fall,
            and each output is within the error bound of `accuracy` of its own: allowed is the sum of the two. What
            is not finite is judged by `finite`.""",
            example="in a vector version whose minimum and maximum miss NaN, 89 gets 0.5, and 88 gets 1.",
            fix="take exp of -abs(x) alone; let the pieces of an approximation meet where they join.",
            measure=drop,
            observe=in_order,
            source=__name__,
            unit="value",
            beside="for the next larger entry",
            severity="medium",
            lengths="moderate",
            script=(
                "row, y = x{pick}.astype(float), f(x.copy()){pick}.astype(float)",
                "smaller, larger = np.lexsort((-y, row))[{column} : {column} + 2]",
                "got = float(y[larger])",
                "expected = max(got, float(y[smaller]))  # what a smaller input gets",
            ),
        ),
        Property(
            name="symmetry",
            code="EX1410",
            statement="The outputs for x and for -x add up to 1.",
            bound="""The exact values do, and negation is exact. Each output is within the error bound of `accuracy` of
            its own exact value: allowed is the sum of the two.""",
            example="where exp overflows and 0.5 is given for it, the sigmoids of 89 and of -89 add up to 0.5.",
            fix="take exp of -abs(x) for both signs.",
            measure=asymmetry,
            observe=mirrored,
            source=__name__,
            unit="value",
            beside="for -x",
            severity="medium",
            lengths="moderate",
            script=("got = float(f({copies}){at}) + float(f(-x){at})", "expected = 1.0"),
        ),
        Property(
            name="limits",
            code="EX1411",
            statement="Where the exact value rounds to 0 or 1, the output is that, or next to it.",
            bound="""Judged where 1 - s is below u / 2, and where s is below half of the smallest subnormal. Allowed is
            u at 1, the distance of the next lower float, since a sound tanh may stop an ulp short of 1; and u / 2 at
            0, which (1 + tanh(x / 2)) / 2 then leaves, with what underflow costs.""",
            example="of inputs clipped to -10 .. 10 the sigmoid of -1000 is 4.5e-5.",
            fix="leave out the clip: exp of -abs(x) cannot overflow.",
            measure=short_of_limits,
            clear=at_limits,
            source=__name__,
            unit="value",
            severity="medium",
        ),
        *contract.BATCHED,
    ),
)
