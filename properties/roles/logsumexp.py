"""The role logsumexp: bound and properties. Its truth and its parts are those of softmax.

A sound logsumexp adds max x to log S, with S the sum of exp(x - max x). With the terms of
`properties.roles.softmax.bounds`, absolute: u abs(y) for the addition, and the error of log S. There is no relative
bound: y goes to 0 where max x = -log S. Source: Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the
log-sum-exp and softmax functions", IMA J. Numer. Anal. 41 (2021), theorem 3.2 and section 4.

The logsumexp of parts, combined by logsumexp, is sound too, and rounds a y at each of its k levels. Let s_i be the
share exp(y_i - y) of a part in its whole, and n_i its entries:

| source | error |
|---|---|
| y, a = (1 + u)**k - 1 <= k u / (1 - k u) | a (abs(y) + log n) |
| logarithms and gaps of all levels | (r_l + g - 1) log n u + g log n u |
| exps: r_e at one level; 1 - 1 / S <= log S of it at the others | r_e (1 + log n) |
| additions: each takes in another part, so a path has no more than one sum would | d u |

The first: if abs(e_i) <= a (abs(y_i) + log n_i), then, since abs(y_i) <= abs(y) + log(1 / s_i), y moves upwards by
at most log sum s_i exp(e_i) <= a abs(y) + log sum s_i**(1 - a) n_i**a <= a (abs(y) + log n), by Hoelder's inequality,
and downwards by no more, by Jensen's; a rounding of y makes 1 + a of it (1 + a)(1 + u). The second and third: what a
part is off counts s_i times, log S of a node is at most the entropy of its shares, and so is their mean gap; the
entropies of all nodes, so weighted, add up to that of the row, which is at most log n.

k is 1 with one shift, ceil(log2 n) + 1 in a tree of parts, n in a chain of logaddexp. Recursion is called sound where
it is in a sum, in float64 and float32; in 16 bits the tree is the widest class, in 8 bits one shift.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import MASKED, PLAIN
from extremum.properties.laws import contract, masking
from extremum.properties.laws.measures import absolute_error, counted, nonfinite_in_range
from extremum.properties.model import rounding
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles.log_softmax import in_roundoffs
from extremum.properties.roles.softmax import bounds, finite, mask, permutation_equivariance, shift_invariance
from extremum.properties.roles.softmax import fused_screen as fused
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature, without_axis
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import choose
from extremum.reference.truth import logits as truth


def one_shift(view: View) -> Any:
    """The absolute error of max x + log S, shape (rows, 1)."""
    return bounds.log_error(view) + abs(view.truth.exact()) * view.fmt.unit_roundoff + view.fmt.eta


def tree_of_parts(view: View) -> Any:
    """The absolute error of a tree of parts, or of the widest class where that is less, shape (rows, 1)."""
    return of_parts(view, min(bounds.tree_levels(view.n), bounds.most_levels(view.fmt, view.n)))


def error_bound(view: View) -> Any:
    """The absolute error of the widest class that is sound, as derived above, shape (rows, 1)."""
    return of_parts(view, bounds.most_levels(view.fmt, view.n))


def of_parts(view: View, levels: int) -> Any:
    """The absolute error of parts that are combined in so many levels, shape (rows, 1)."""
    if levels == 1:
        return one_shift(view)
    t, logs, y = bounds.parts_error(view.fmt, view.n, levels)
    t = bounds.rescaling(view) + t if view.full_bound else view.parts.log_total * 0.0 + t
    return t * (t + 1.0) + abs(view.truth.exact()) * y + (logs + view.fmt.eta)


FINITE = replace(
    finite.PROPERTY,
    code="EX301",
    statement="The output is finite where the exact value is.",
    bound="""The exact value lies between max x and max x + log n; only where it reaches the largest finite value,
    with what a sound answer may be off, may the answer be infinite. NaN is never right.""",
    example="log(exp(89)) in float32 is inf; the exact value is 89.",
    fix="max x + log(sum(exp(x - max x))).",
    measure=nonfinite_in_range,
    source=__name__,
)


def between(view: View) -> Measured:
    """How far each output lies below max x or above max x + log n; the error bound of the role is allowed."""
    answer = np.where(np.isfinite(view.answer), view.answer, view.observation.x.max(axis=-1, keepdims=True))
    out = view.arithmetic.lift(answer)
    log_n = view.arithmetic.log1p(view.arithmetic.lift(np.full((len(answer), 1), view.n - 1.0)))
    return choose(_below(view), view.parts.peak - out, out - view.parts.peak - log_n), view.error_bound


def _below(view: View) -> Array:
    """Where an output is less than max x, shape (rows, 1)."""
    peak = view.observation.x.max(axis=-1, keepdims=True)
    return np.asarray(view.answer.astype(np.float64) < peak.astype(np.float64))


def _above_the_maximum(view: View) -> Any:
    """The grade of those that are never below max x."""
    return choose(_below(view), view.error_bound * 0.0, view.error_bound)


BETWEEN = Property(
    name="between",
    code="EX302",
    statement="The output lies between max x and max x + log n.",
    bound="""Allowed is the error bound of `accuracy` on either side. The grade tells who is never below max x, as
    sound sums are: S >= 1 under any rounding, since the term of the maximum is 1, so log S >= 0, and max x + log S is
    not rounded below the float max x. It is lost where a subnormal maximum is flushed to zero, or another number than
    the maximum is subtracted. NaN is judged by `finite`.""",
    example="with the last entry left out of the sum, [0, 1] gives log(exp(0)) = 0, which is less than 1.",
    fix="sum all entries, and add back the maximum that was subtracted.",
    measure=between,
    unit="value",
    script=(
        "import math",
        "largest = float(x{pick}.max())",
        "got = float(f({args}){at})",
        "expected = min(max(got, largest), largest + math.log(x.shape[-1]))",
    ),
    grades={fused.NEVER_BELOW: _above_the_maximum, "within the error bound": None},
)


def one_element(view: View) -> Measured:
    """How far each output is from its input, infinite for NaN; nothing is allowed."""
    out, x = (a.astype(np.float64) for a in (view.answer, view.observation.x))
    with np.errstate(invalid="ignore"):
        return np.where(out == x, 0.0, np.nan_to_num(abs(out - x), nan=np.inf)), 0.0


def beside_the_maximum(view: View) -> Any:
    """What may be lost where a number within 1 of the maximum is subtracted, shape (rows, 1).

    To the error bound come g roundings of a gap of at most 1, and the error of a logarithm of at most 1.
    """
    g = rounding.gap_roundings(view.fmt)
    return view.error_bound + (2 * g - 1 + rounding.LOG_ERROR[view.fmt.name]) * view.fmt.unit_roundoff


def alone_in_its_row(_draw: Draw, arguments: Arguments) -> Case:
    """The first entry of each row."""
    return Case({"x": np.ascontiguousarray(arguments["x"][:, :1])})


ONE_ELEMENT = Property(
    name="one_element",
    code="EX303",
    statement="Of a row of one entry, the output is that entry.",
    bound="""x - x is 0, exp(0) is 1, log(1) is 0, and x + 0 is x: no step rounds, and nothing is allowed. Severity is
    low where no more is lost than by subtracting another number, within 1 of the maximum, (2 g - 1 + r_l) u and the
    error bound of `accuracy`; or by a flush of a subnormal entry to zero.""",
    example="log(exp(1e-10)) in float32 is 0, since exp(1e-10) rounds to 1.",
    fix="max x + log(sum(exp(x - max x))).",
    measure=one_element,
    unit="value",
    script=("got, expected = float(f({args}){at}), float(x{pick}[0])", "allowed = 0.0"),
    petty=beside_the_maximum,
    arrange=alone_in_its_row,
    lengths="few",
    exact=True,
)


def with_infinities(draw: Draw, arguments: Arguments) -> Case:
    """Rows with +inf in one place or several, or of -inf throughout."""
    x = arguments["x"]
    one = np.arange(draw.n) == draw.integers(0, draw.n - 1)
    several = one | (draw.integers(0, 1, each=True) == 1)
    kind = draw.integers(0, 2)
    place = np.where(kind == 1, one, several)
    return Case({"x": np.where(kind == 0, -np.inf, np.where(place, np.inf, x)).astype(x.dtype)})


def observe_infinities(call: Call, case: Case) -> Observation:
    """Count the rows whose answer is not their maximum, which is infinite."""
    out, expected = call.rows(case.arguments), case.x.max(axis=-1, keepdims=True)
    wrong = np.asarray(out != expected)
    note = f"got {float(out[wrong][0]):.6g} where it is {float(expected[wrong][0]):.6g}" if wrong.any() else ""
    return Observation(case.arguments, count=int(wrong.sum()), note=note)


INFINITIES = Property(
    name="infinities",
    code="EX304",
    statement="A row of -inf alone gives -inf, and a row with +inf gives +inf.",
    bound="""The extended reals decide both: a sum of zeros has the logarithm -inf, and exp(+inf) = inf whatever
    else is summed. What is counted are rows with another answer, NaN among them; none is allowed. Rows with NaN are
    not tried.""",
    example="[-inf, -inf] - max is NaN, since -inf - -inf is.",
    fix="subtract the maximum only where it is finite, and 0 elsewhere.",
    measure=counted,
    source=__name__,
    unit="rows",
    script=("got, expected = np.float64(f(x)).tolist(), np.float64(x.max(axis=-1)).tolist()",),
    arrange=with_infinities,
    observe=observe_infinities,
    rows=8,
    lengths="few",
    masked=True,
    exact=True,
)


ACCURACY = Property(
    name="accuracy",
    code="EX305",
    statement="The output is as close to the exact value as a sound algorithm comes.",
    bound="""Allowed, absolute, where parts are combined in k levels: k u (abs(y) + log n) for the roundings of y, and
    (d + 2 g log n) u + r_e (1 + log n) + (r_l - 1) log n u for sums, gaps, exps and logarithms, with g roundings of a
    gap and d additions (`properties.roles.logsumexp` derives it). k is n in float64 and float32, as of a chain of
    logaddexp, and ceil(log2 n) + 1 in 16 bits, as of a tree. The grade tells chain, tree and max x + log S apart: that
    has u abs(y) + (d + g W((n - 1) / e)) u + r_e + (r_l + g - 1) log S u. No relative bound exists near zero. Where the
    output is not finite, and the exact value is in range, the error is infinite.""",
    example="log(sum(exp(x))) of [-104, -104] in float32 is -inf; the exact value is -103.31.",
    fix="max x + log(sum(exp(x - max x))), summed in float32 at least.",
    measure=absolute_error,
    source=__name__,
    unit="u",
    scale=in_roundoffs,
    grades=dict(zip(fused.FORMS, (one_shift, tree_of_parts, None), strict=True)),
)


def shift_equivariance(view: View) -> Measured:
    """How far the difference of the two answers is from the shift; allowed are the error bounds of both."""
    c = view.argument("shift")
    error = view.error(abs(view.other - view.out - c))
    growth = (abs(view.exact + c) - abs(view.exact)) * bounds.of_levels(view.fmt, bounds.most_levels(view.fmt, view.n))
    return error, view.error_bound * 2.0 + growth


def observe_shift(call: Call, case: Case) -> Observation:
    """f(x) and f(x + shift)."""
    x, shift = case.x, case.arguments["shift"]
    other, out = call.each([{"x": (x + shift).astype(x.dtype)}, {"x": x}])
    return Observation({"x": x, "shift": shift}, out, other)


SHIFT_EQUIVARIANCE = replace(
    shift_invariance.PROPERTY,
    name="shift_equivariance",
    code="EX307",
    statement="Adding one number to a whole row adds it to the output.",
    bound="""Only shifts c that are exact in the dtype are tried. Then y(x + c) = y(x) + c exactly, and what is
    measured is f(x + c) - f(x) - c. Allowed are the error bounds of `accuracy` of both: they differ in k u
    abs(y) alone.""",
    example="log(sum(exp(x))) of [0, 0] is 0.69, of [100, 100] in float32 inf.",
    fix="max x + log(sum(exp(x - max x))).",
    measure=shift_equivariance,
    source=__name__,
    unit="u",
    scale=in_roundoffs,
    observe=observe_shift,
    script=(
        "got = float(f((x + shift).astype(x.dtype)){at}) - float(f(x.copy()){at})",
        "expected = float(np.ravel(shift)[{row} if np.ndim(shift) else 0])",
    ),
)


def observe_permuted(call: Call, case: Case) -> Observation:
    """f(x), and f(x permuted)."""
    x, n = case.x, case.x.shape[-1]
    order = (case.number("stride") * np.arange(n) + case.number("start")) % n
    permuted, out = call.each([{"x": np.ascontiguousarray(x[:, order])}, {"x": x}])
    return Observation({"x": x}, out, permuted, order=order)


PERMUTATION_INVARIANCE = replace(
    permutation_equivariance.PROPERTY,
    name="permutation_invariance",
    code="EX308",
    statement="Permuting a row does not change the output.",
    bound="""The exact value is the same, and two answers of a sound algorithm are each within its error bound of
    `accuracy` of it; so their difference is within twice that. The permutations are i -> (stride i + start) mod n
    with stride coprime to n: reversal and rotation are among them.""",
    example="the first entry in place of the maximum gives inf for [0, 100] in float32 and 100 for [100, 0].",
    fix="take the maximum of the whole row, and all of the row in the sum.",
    source=__name__,
    unit="u",
    scale=in_roundoffs,
    observe=observe_permuted,
    script=(
        permutation_equivariance.PROPERTY.script[0],
        "got = float(f({copies}){at})",
        "expected = float(f(x[..., order]){at})",
    ),
)


MASK = replace(
    mask.PROPERTY,
    code="EX310",
    statement="Entries of -inf do not count.",
    bound="""exp(-inf) = 0 adds nothing, so the exact value is that of the row without them; two answers of a sound
    algorithm differ by at most twice the error bound of `accuracy`.""",
    example="with -1e4 in place of -inf, [-inf, -2e4] gives -1e4.",
    fix="let -inf through: its exp is 0. Where a running maximum starts with it, guard -inf - -inf, which is NaN.",
    source=__name__,
    unit="u",
    scale=in_roundoffs,
    observe=masking.observe,
    script=masking.SCRIPT,
)


ROLE = Role(
    name="logsumexp",
    call="f(x, axis=-1)",
    value="log sum_j exp(x_j), that axis removed",
    truth=truth.logsumexp,
    error_bound=error_bound,
    shiftable=True,
    fused=fused.logsumexp,
    signature=Signature(answer=without_axis),
    regimes=PLAIN + MASKED,
    properties=(
        FINITE,
        BETWEEN,
        ONE_ELEMENT,
        INFINITIES,
        ACCURACY,
        SHIFT_EQUIVARIANCE,
        PERMUTATION_INVARIANCE,
        MASK,
        *contract.WITH_AXIS,
    ),
)
