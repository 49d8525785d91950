"""The role cross_entropy: bound and properties. Its truth and its parts are those of softmax.

The loss is -log_softmax(logits)[L], and a sound one is as good as that (`properties.roles.log_softmax` derives it):
absolute, with D_L = max logits - logits[L], (2 D_L + log S) g u and the error of log S. That class loses the digits of
a loss far below one: log S is rounded where S is 1 + exp(-40). One that takes log1p of the sum of the others keeps
them, and the grade of accuracy tells which it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.inputs.class_labels import logits_and_labels
from extremum.properties.inputs.regimes import MASKED, PLAIN
from extremum.properties.laws import contract, masking
from extremum.properties.laws.comparison import compare
from extremum.properties.laws.measures import absolute_error, nonfinite_in_range
from extremum.properties.model import rounding
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, View
from extremum.properties.roles.log_softmax import in_roundoffs
from extremum.properties.roles.softmax import bounds
from extremum.properties.values.signature import Signature, scalar
from extremum.reference.arithmetic.wide import CAP
from extremum.reference.truth import logits as truth


def error_bound(view: View) -> Any:
    """The absolute error of a sound loss, as derived above, shape (rows, 1)."""
    gap = truth.taken(view.parts.gap, view.observation.arguments["L"])
    differences = (gap * -2.0 + view.parts.log_total) * (rounding.gap_roundings(view.fmt) * view.fmt.unit_roundoff)
    return differences + bounds.log_error(view) + view.fmt.eta


def keeps_digits(view: View) -> Any:
    """The grade of those that keep their digits as the loss goes to 0: a relative error.

    The sum of the others is off by (d + r_e) u and by g u times their depths, weighted as they are summed; log1p
    does not enlarge a relative error of its argument. Where the exps of the others are
    subnormal, each may be off by r_e steps, and their sum is rounded by half a step.
    """
    u, g = view.fmt.unit_roundoff, rounding.gap_roundings(view.fmt)
    gap = np.clip(view.narrow(view.parts.gap), -CAP, 0.0)
    others = np.where(view.parts.argmax_mask, 0.0, view.narrow(view.parts.e))
    mean = (others * -gap).sum(axis=-1, keepdims=True) / np.maximum(others.sum(axis=-1, keepdims=True), truth.TINY)
    ours = rounding.EXP_ERROR[view.fmt.name] + rounding.LOG_ERROR[view.fmt.name]
    relative = (rounding.additions(view.fmt, view.n) + 3 * g + g * mean + ours) * u
    lost = ((view.n - 1) * rounding.EXP_ERROR[view.fmt.name] + 0.5) * view.fmt.eta
    return abs(view.exact) * view.arithmetic.lift(relative) + lost


def nonnegative(view: View) -> Measured:
    """How far each loss lies below zero; nothing is allowed, and NaN is no finding."""
    out = np.nan_to_num(np.asarray(view.answer, np.float64), nan=0.0)
    return np.maximum(-out, 0.0), 0.0


GRADES = {"keeps the digits of small losses": keeps_digits, "absolute bound": None}

ROLE = Role(
    name="cross_entropy",
    call="f(logits, L) -> scalar",
    value="logsumexp(logits) - logits[L]",
    truth=truth.cross_entropy,
    error_bound=error_bound,
    shiftable=True,
    signature=Signature(inputs={"logits": 1, "L": 0}, answer=scalar, batched=False),
    regimes=PLAIN + MASKED,
    arguments=logits_and_labels,
    rows=24,
    properties=(
        Property(
            name="finite",
            code="EX601",
            statement="The loss is finite where the exact value is.",
            bound="""
                For finite logits the exact loss is at most max - logits[L] + log n; only where that reaches the largest
                finite value, with what a sound answer may be off, may the answer be infinite. NaN is never right.
            """,
            example="-log(softmax([0, 104])[0]) in float32 is inf, because softmax underflows; the exact loss is 104.",
            fix="logsumexp(logits) - logits[L] with the maximum taken off both, never the logarithm of a probability.",
            measure=nonfinite_in_range,
            source=__name__,
            unit="losses",
            severity="critical",
            exact=True,
        ),
        Property(
            name="nonnegative",
            code="EX602",
            statement="The loss is not negative.",
            bound="""
                log S >= 0 under any rounding, since the term of the maximum in S is 1, and max - logits[L] >= 0; so is
                their sum. logsumexp(logits) is not rounded below the largest logit, so its difference with logits[L]
                has it too. Nothing is allowed. Severity is low where the loss is within the error bound of `accuracy`.
                NaN is judged by `finite`.
            """,
            example="-log(s + 1e-7) in float32 is -1.2e-7 where s is 1.",
            fix="no epsilon inside the logarithm; the shifted form needs none.",
            measure=nonnegative,
            unit="value",
            script=("got = float(f({args}){at})", "expected = max(got, 0.0)", "allowed = 0.0"),
            exact=True,
            petty=error_bound,
        ),
        Property(
            name="accuracy",
            code="EX605",
            statement=(
                "The loss is as close to the exact value as a sound algorithm comes, from exp(-45) up to the end of "
                "the range."
            ),
            bound="""
                Allowed, absolute: g (2 D_L + log S) u, and the error of log S (`properties.roles.cross_entropy`), with
                D_L = max logits - logits[L]. The grade says whether a loss far below one keeps its digits. Where the
                loss is not finite, and the exact value is in range, the error is infinite.
            """,
            example="logsumexp(logits) - logits[L] of [10000, 10000] in float32 is 0.693359 for 0.693147.",
            fix="""
                (max - logits[L]) + log(sum(exp(logits - max))), with log1p of the sum of the others for the small end.
            """,
            measure=absolute_error,
            source=__name__,
            unit="u",
            scale=in_roundoffs,
            grades=GRADES,
        ),
        Property(
            name="mask",
            code="EX610",
            statement="Logits of -inf do not count.",
            bound="""
                exp(-inf) = 0 adds nothing, so the exact loss is that of the logits without them; two answers of a sound
                algorithm differ by at most twice the error bound of `accuracy`. A label that is masked is not tried.
            """,
            example="0 * -inf, as in the product of a one-hot vector and log-probabilities, is NaN.",
            fix="pick the entry of the label instead of multiplying by a one-hot vector.",
            measure=compare,
            source=__name__,
            unit="u",
            scale=in_roundoffs,
            observe=masking.observe,
            beside="without the masked entries",
            rows=4,
            lengths="few",
            masked=True,
            script=masking.SCRIPT,
        ),
        *contract.BY_ROW,
    ),
)
