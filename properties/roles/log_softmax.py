"""The role log_softmax: bound and properties. Its truth and its parts are those of softmax.

A sound log_softmax computes the gap x_j - max x, the sum S of their exps, and their difference gap - log S.
With the terms of `properties.roles.softmax.bounds`, to first order and absolute:

| source | error |
|---|---|
| the gap, g roundings | g abs(gap_j) u |
| log S: S, the logarithm, and in base 2 the product | t_S + (r_l + g - 1) log S u |
| the difference, and in base 2 the product with ln 2 | g abs(L_j) u |

In base 2 a gap beyond the largest finite value over log2(e) overflows, and is found by `saturation`. There is no
relative bound: L_j goes to 0 as s_j goes to 1. x - logsumexp(x) is not in the class: it rounds
logsumexp(x) first, at a cost of u abs(max x), however close x_j is to it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.regimes import MASKED, PLAIN
from extremum.properties.laws import contract, masking
from extremum.properties.laws.measures import absolute_error
from extremum.properties.model import rounding
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles.softmax import bounds, mask, permutation_equivariance, shift_invariance
from extremum.properties.roles.softmax import fused_screen as fused
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import where
from extremum.reference.truth import Columns
from extremum.reference.truth import logits as truth


def error_bound(view: View, columns: Columns | None = None) -> Any:
    """The absolute error of a sound log_softmax by component, as derived above."""
    u, g = view.fmt.unit_roundoff, rounding.gap_roundings(view.fmt)
    gap = view.parts.gap[:, view.columns if columns is None else columns]
    log_total = view.parts.log_total
    return (gap * -2.0 + log_total) * (g * u) + bounds.log_error(view) + view.fmt.eta


def in_roundoffs(view: View) -> Any:
    """The unit roundoff times max(1, abs(exact)): the unit of an absolute error."""
    return view.fmt.unit_roundoff * np.clip(np.abs(view.narrow(view.exact)), 1.0, view.fmt.max)


def undefined(view: View) -> Array:
    """Where an output is NaN or +inf (rows, n), but not where NaN stands for -inf in a format that has no infinity."""
    wrong = np.asarray(np.isnan(view.answer) | np.isposinf(view.answer))
    if view.fmt.has_infinity or not wrong.any():
        return wrong
    whole = View(view.role, view.fmt, view.observation, view.arithmetic)  # in all columns
    return np.asarray(wrong & ~whole.left_range)


def finite(view: View) -> Measured:
    """1 for each output that is NaN or +inf; none is allowed."""
    return np.where(undefined(view), 1.0, 0.0), 0.0


FINITE = Property(
    name="finite",
    code="EX201",
    statement="No output is NaN or +inf.",
    bound="""For rows of finite entries every exact output is a real number that is not positive, so no rounding can
    excuse another answer: none is allowed. An output of -inf is judged by `saturation`.""",
    example="in float32 exp(89) is inf, so that log(exp(x) / sum exp(x)) of [89, 0] is [NaN, -inf]; it is [0, -89].",
    fix="subtract the maximum of each row first. The usual cause is log(exp(x) / sum exp(x)) as it is written.",
    measure=finite,
    unit="outputs",
    severity="critical",
    exact=True,
)


def nonpositive(view: View) -> Measured:
    """By how much each output exceeds 0, 0 for NaN; nothing is allowed."""
    out = np.nan_to_num(np.asarray(view.answer, np.float64), nan=0.0)
    return np.maximum(out, 0.0), 0.0


NONPOSITIVE = Property(
    name="nonpositive",
    code="EX202",
    statement="No output is positive.",
    bound="""The gap x - max x is at most 0. The term of the maximum in S is exp(0) = 1, a rounded sum of
    nonnegative terms is at least its largest, so log S >= 0; and the difference of the two is not positive under
    any monotone rounding. x - logsumexp(x) has it for the same reason. Nothing is allowed. Severity is
    low where the excess is within the error bound of `accuracy`. NaN is judged by `finite`.""",
    example="log(s + 1e-7) in float32 is 1.2e-7 where s is 1.",
    fix="no epsilon inside the logarithm; the shifted form needs none.",
    measure=nonpositive,
    unit="value",
    exact=True,
    script=("got = float(f({args}){at})", "expected = min(got, 0.0)", "allowed = 0.0"),
    petty=lambda view: view.error_bound,
)


def saturation(view: View) -> Measured:
    """1 for each output that is -inf though its exact value is in range; none is allowed."""
    return np.where(np.isneginf(view.answer[:, view.columns]) & ~view.excused, 1.0, 0.0), 0.0


SATURATION = Property(
    name="saturation",
    code="EX203",
    statement="No output is -inf where the exact value is in the range of the format.",
    bound="""The logarithm is there to keep what a probability loses when it underflows: a gap of 1000 is
    exp(-1000) = 0 as a probability and -1000 as a logarithm. Nothing is allowed; only where the exact value, with
    what a sound answer may be off, reaches the largest finite value may the answer be -inf.""",
    example="log(softmax([0, -104])) in float32 is [0, -inf]; the exact second entry is -104.",
    fix="(x - max x) - log(sum(exp(x - max x))), which never takes the logarithm of a probability.",
    measure=saturation,
    unit="outputs",
    severity="critical",
    exact=True,
)


def exp_sum_to_one(view: View) -> Measured:
    """How far the sum of the exps of a row is from 1; allowed is what its entries may be off, carried through exp."""
    flawed = np.asarray(undefined(view).any(axis=-1, keepdims=True))
    answer = np.where(np.isfinite(view.answer), view.answer, np.asarray(-view.fmt.max, view.answer.dtype))
    measured = abs(view.arithmetic.total(view.arithmetic.exp(view.arithmetic.lift(answer))) - 1.0)
    off = error_bound(view, slice(None))
    return where(flawed, np.inf, measured), view.arithmetic.total(view.parts.s * off * (off + 1.0))


EXP_SUM_TO_ONE = Property(
    name="exp_sum_to_one",
    code="EX204",
    statement="The exponentials of a row sum to one.",
    bound="""An output that is off by E_j changes its exponential by at most s_j (E_j + E_j**2), so the sum may be
    off by the sum of those, with E_j of `accuracy`. The exponentials and their sum are taken exactly.""",
    example="""a sum in bfloat16 stops at 256, so that for 1024 zeros log S is 5.53125 for 6.93, and the
    exponentials sum to 4.06.""",
    fix="accumulate in float32. Other causes: a wrong axis; log2 for log; the logarithm of a mean.",
    measure=exp_sum_to_one,
    unit="value",
    script=("import math", "got, expected = math.fsum(np.exp(f(x){pick}.astype(float)).tolist()), 1.0"),
    lengths="moderate",
)


ACCURACY = Property(
    name="accuracy",
    code="EX205",
    statement="Every output is as close to the exact value as a sound algorithm comes.",
    bound="""Allowed, absolute: g (abs(gap_j) + abs(L_j)) u for the two differences, and the error of log S:
    (d + g W((n - 1) / e)) u + r_e + (r_l + g - 1) log S u, with g roundings of a gap (three in base 2; one in 16
    bits) and d additions (`properties.roles.log_softmax` and `properties.roles.softmax.bounds` derive it). Where an
    output is not finite, and the exact value is in range, the error is infinite.""",
    example="x - logsumexp(x) of [10000, 10000] in float32 is -0.693359 for -0.693147: the rounding of 10000.693.",
    fix="subtract the maximum before the logarithm of the sum, not after.",
    measure=absolute_error,
    source=__name__,
    unit="u",
    scale=in_roundoffs,
)


SHIFT_INVARIANCE = replace(
    shift_invariance.PROPERTY,
    code="EX207",
    statement="Adding one number to a whole row changes nothing.",
    bound="""Only shifts that are exact in the dtype are tried: x + c has no rounding error in any entry. The exact
    answer is then the same, and two answers of a sound algorithm are each within its error bound of `accuracy` of it;
    so their difference is within twice that.""",
    example="x - logsumexp(x) of [0, 0] and of [10000, 10000] in float32 differ by 2e-4.",
    fix="(x - max x) - log(sum(exp(x - max x))), which sees differences alone.",
    source=__name__,
    unit="u",
    scale=in_roundoffs,
)


PERMUTATION_EQUIVARIANCE = replace(
    permutation_equivariance.PROPERTY,
    code="EX208",
    statement="Permuting a row permutes its outputs.",
    bound="""The exact values are the same numbers, and two answers of a sound algorithm are each within its
    error bound of `accuracy` of them; so their difference is within twice that. The permutations are i -> (stride
    i + start) mod n with stride coprime to n: reversal and rotation are among them.""",
    example="with a tail of one entry left out of S, the 5 in [0, 0, 5] gets 4.31, and in [5, 0, 0] it gets -0.0067.",
    fix="mask the tail with -inf instead of leaving it out. Another cause: the first entry in place of the maximum.",
    source=__name__,
    unit="u",
    scale=in_roundoffs,
)


def observe_masked(call: Call, case: Case) -> Observation:
    """f(x), f of each row without its masked entries, and whether a masked one got anything but -inf."""
    return masking.observe(call, case, lambda out: np.where(np.isneginf(out), 0.0, np.inf))


MASK = replace(
    mask.PROPERTY,
    code="EX210",
    statement="An entry of -inf gets exactly -inf, and the others get what they get without it.",
    bound="""log(exp(-inf)) = -inf in the extended reals, so nothing else is allowed at a masked entry. The others
    have the same exact values as in the row with the masked entries removed; two answers of a sound algorithm
    differ by at most twice the error bound of `accuracy`. Rows with every entry masked are not tried: their meaning
    is contested.""",
    example="with -1e4 in place of -inf a masked entry gets -1e4, and counts where all others are lower still.",
    fix="let -inf through: its exp is 0. Where a running maximum starts with it, guard -inf - -inf, which is NaN.",
    source=__name__,
    unit="u",
    scale=in_roundoffs,
    observe=observe_masked,
)


ROLE = Role(
    name="log_softmax",
    call="f(x, axis=-1)",
    value="x_i - logsumexp(x)",
    truth=truth.log_softmax,
    error_bound=error_bound,
    shiftable=True,
    fused=fused.log_softmax,
    masked=-np.inf,
    regimes=PLAIN + MASKED,
    properties=(
        FINITE,
        NONPOSITIVE,
        SATURATION,
        EXP_SUM_TO_ONE,
        ACCURACY,
        SHIFT_INVARIANCE,
        PERMUTATION_EQUIVARIANCE,
        MASK,
        *contract.WITH_AXIS,
    ),
)
