"""The role cross_entropy_gradient: bound and properties. Its truth and its parts are those of softmax.

A sound gradient is softmax(logits) less 1 at the label, with a softmax that divides, or exp of a sound log_softmax. Its
probabilities are off by s_j p_j with p_j = E_j + (r_e + 2) u, where E_j is the absolute error of a sound
log_softmax (`properties.roles.log_softmax`), which covers the division too; in 16 bits, where the exp of a rounded
logarithm keeps no digit of a small probability, p_j is that of a sound softmax that divides. G is what underflow
adds, and P = sum_k s_k p_k:

| entry | form | error |
|---|---|---|
| j != L | s_j | s_j p_j + G |
| L | s_L - 1 | s_L p_L + G + u (1 - s_L) |
| L | minus the sum of the others | P + (d + 1) u (1 - s_L) + n G |

The first form at the label loses its digits as s_L goes to 1; it is what most people write, it is called sound,
and the grade of accuracy tells which it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.inputs.class_labels import is_label, logits_and_labels
from extremum.properties.inputs.regimes import MASKED, PLAIN
from extremum.properties.laws import contract
from extremum.properties.laws.measures import nonfinite
from extremum.properties.model import rounding
from extremum.properties.model.property import Property, roundoff, ulp
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, View
from extremum.properties.roles import derivatives
from extremum.properties.roles.log_softmax import error_bound as log_bound
from extremum.properties.roles.softmax import bounds
from extremum.properties.values.signature import Signature
from extremum.reference.arithmetic.wide import choose, where
from extremum.reference.truth import Columns
from extremum.reference.truth import logits as truth


def error_bound(view: View, columns: Columns | None = None) -> Any:
    """The absolute error of a sound gradient by component, as derived above."""
    shown = view.columns if columns is None else columns
    u, gradual, every = view.fmt.unit_roundoff, bounds.gradual(view.fmt), slice(None)
    s, rest = view.parts.s, view.parts.one_minus_s[:, shown]
    if view.fmt.precision >= rounding.RECURSIVE_FROM:
        off = log_bound(view, every) + (rounding.EXP_ERROR[view.fmt.name] + bounds.SCALINGS) * u
        p = s * off * (off + 1.0)
    else:
        p = s * bounds.componentwise(view, rounding.additions(view.fmt, view.n), every)
    own = p[:, shown] + gradual
    complement = view.arithmetic.total(p) + rest * ((rounding.additions(view.fmt, view.n) + 2) * u) + view.n * gradual
    return choose(is_label(view.observation.arguments)[:, shown], own + complement, own)


def keeps_digits(view: View) -> Any:
    """The grade of those whose entry at the label keeps its digits as s_L goes to 1: a relative error, by entry."""
    d, label = rounding.additions(view.fmt, view.n), is_label(view.observation.arguments)
    q = bounds.componentwise(view, d, slice(None))
    relative = choose(label, view.parts.mean_of_others(q), q) + (d + 2) * view.fmt.unit_roundoff
    return view.at(relative) * abs(view.exact) + view.n * bounds.gradual(view.fmt)


def in_range(view: View) -> Measured:
    """How far each entry lies outside its interval; below -1 at the label, the error bound is allowed."""
    label = is_label(view.observation.arguments)[:, view.columns]
    answer = view.answer[:, view.columns].astype(np.float64)
    out = view.arithmetic.lift(np.where(np.isfinite(answer), answer, 0.0))
    low, high = np.where(label, -1.0, 0.0), np.where(label, 0.0, 1.0)
    outside = choose(answer > high, out - view.arithmetic.lift(high), view.arithmetic.lift(low) - out)
    inside = (answer >= low) & (answer <= high) | np.isnan(answer)
    measured = where(inside, 0.0, where(np.isinf(answer), np.inf, outside))
    return measured, where(~(label & (answer < low)), 0.0, view.error_bound)


def sum_to_zero(view: View) -> Measured:
    """The size of the exact sum of the entries; the sum of their error bounds is allowed."""
    flawed = np.asarray(view.wrong_nonfinite.any(axis=-1, keepdims=True))
    return where(flawed, np.inf, abs(view.total)), view.arithmetic.total(error_bound(view, slice(None)))


GRADES = {"keeps the digits at the label": keeps_digits, "absolute bound": None}

ROLE = Role(
    name="cross_entropy_gradient",
    call="f(logits, L) -> (n,)",
    value="s - onehot(L)",
    truth=truth.cross_entropy_gradient,
    error_bound=error_bound,
    shiftable=True,
    signature=Signature(inputs={"logits": 1, "L": 0}, batched=False),
    arguments=logits_and_labels,
    rows=24,
    bounded=True,
    masked=0.0,
    regimes=PLAIN + MASKED,
    properties=(
        Property(
            name="finite",
            code="EX701",
            statement="No output is NaN or infinite.",
            bound="""
                For finite logits every exact entry lies in [-1, 1], so no rounding can excuse another answer: none is
                allowed.
            """,
            example="exp(logits) without a shift is inf for 89 in float32, and inf / inf is NaN.",
            fix="subtract the maximum of the logits first.",
            measure=nonfinite,
            source=__name__,
            unit="outputs",
            severity="critical",
            exact=True,
        ),
        Property(
            name="range",
            code="EX702",
            statement="The entry of the label lies in [-1, 0], and the others in [0, 1].",
            bound="""
                A rounded softmax lies in [0, 1] (`nonnegative` and `at_most_one` of softmax), and 1 taken off it,
                rounded, in [-1, 0]; exp of a log_softmax that is not positive does too. Minus the sum of the others is
                not positive either, and may be below -1 by what `accuracy` allows at the label; nothing else is
                allowed. Severity is low where an entry is outside by no more than `accuracy` allows. NaN is judged by
                `finite`.
            """,
            example="onehot - softmax, the sign reversed, is positive at the label.",
            fix="softmax(logits), less 1 at the label. Another cause: a label that is off by one.",
            measure=in_range,
            unit="value",
            script=(
                "got, at_label = float(f({args}){at}), {column} == {label}",
                "expected = min(max(got, -1.0 if at_label else 0.0), 0.0 if at_label else 1.0)",
            ),
            petty=error_bound,
        ),
        Property(
            name="sum_to_zero",
            code="EX704",
            statement="The entries sum to zero.",
            bound="""
                The probabilities sum to one, and one is taken off. Allowed is the sum of the error bounds of
                `accuracy`; the sum of the answers is taken exactly.
            """,
            example="the gradient without its - 1 at the label sums to one.",
            fix="softmax(logits) less 1 at the label, with a softmax that sums to one itself.",
            measure=sum_to_zero,
            unit="u",
            script=("import math", "got, expected = math.fsum(f({args}){pick}.astype(float).tolist()), 0.0"),
            scale=roundoff,
        ),
        Property(
            name="accuracy",
            code="EX705",
            statement="Every entry is as close to the exact value as a sound algorithm comes.",
            bound="""
                Allowed: s_j (E_j + (r_e + 2) u) beside the label, with E_j of a sound log_softmax; at it, that of s_L -
                1, which is relative to s_L and not to the entry (`properties.roles.cross_entropy_gradient` derives
                both). The grade says whether the entry at the label keeps its digits as s_L goes to 1.
            """,
            example="the gradient of a loss that is averaged over n classes is n times too small.",
            fix="softmax(logits) less 1 at the label, with a softmax that is accurate itself.",
            measure=derivatives.unflushed_error,
            source=__name__,
            unit="ulp",
            scale=ulp,
            grades=GRADES,
        ),
        derivatives.MASK,
        derivatives.GRADUAL_UNDERFLOW,
        *contract.BY_ROW,
    ),
)
