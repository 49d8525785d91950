"""The role logsumexp: bound and properties. Its truth and its parts are those of softmax.

A sound logsumexp adds max x to log S, with S the sum of exp(x - max x). With the terms of
`properties.roles.softmax.bounds`, absolute: u abs(y) for the addition, and the error of log S. There is no relative
bound: y goes to 0 where max x = -log S. A chain of logaddexp is not in the class: each link rounds y anew. Source:
Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", IMA J. Numer. Anal.
41 (2021), theorem 3.2 and section 4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import MASKED, PLAIN
from extremum.properties.laws import contract, masking
from extremum.properties.laws.comparison import compare
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles.log_softmax import in_roundoffs
from extremum.properties.roles.softmax import (
    bounds,
    permutation_equivariance,
    shift_invariance,
)
from extremum.properties.roles.softmax import (
    fused_screen as fused,
)
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature, without_axis
from extremum.reference.arithmetic.wide import choose
from extremum.reference.truth import logits as truth


def allowance(view: View) -> Any:
    """The absolute error of a sound logsumexp, as derived above, shape (rows, 1)."""
    return bounds.log_error(view) + abs(view.truth.exact()) * view.fmt.unit_roundoff + view.fmt.eta


def finite(view: View) -> Measured:
    """The output is finite where the exact value is.

    The exact value lies between max x and max x + log n; only where it reaches the largest finite value, with what a
    sound answer may be off, may the answer be infinite. NaN is never right.

    Example: log(exp(89)) in float32 is inf; the exact value is 89.

    Fix: max x + log(sum(exp(x - max x))).
    """
    return np.where(np.isfinite(view.answer) | view.beyond, 0.0, 1.0), 0.0


def between(view: View) -> Measured:
    """The output lies between max x and max x + log n.

    Below nothing is allowed: S >= 1 under any rounding, since the term of the maximum is 1, so log S >= 0, and
    max x + log S is not rounded below the float max x. Above, the allowance of `accuracy`. NaN is judged by `finite`.

    Example: with the last entry left out of the sum, [0, 1] gives log(exp(0)) = 0, which is less than 1.

    Fix: sum all entries, and add back the maximum that was subtracted.
    """
    answer = np.where(np.isfinite(view.answer), view.answer, view.observation.x.max(axis=-1, keepdims=True))
    out = view.arithmetic.lift(answer)
    log_n = view.arithmetic.log1p(view.arithmetic.lift(np.full((len(answer), 1), view.n - 1.0)))
    below = answer.astype(np.float64) < view.observation.x.max(axis=-1, keepdims=True).astype(np.float64)
    measured = choose(below, view.parts.peak - out, out - view.parts.peak - log_n)
    return measured, choose(below, view.allowance * 0.0, view.allowance)


def one_element(view: View) -> Measured:
    """Of a row of one entry, the output is that entry, bit for bit.

    x - x is 0, exp(0) is 1, log(1) is 0, and x + 0 is x: no step rounds. What is counted are rows with another
    answer; none is allowed.

    Example: log(exp(1e-10)) in float32 is 0, since exp(1e-10) rounds to 1.

    Fix: max x + log(sum(exp(x - max x))).
    """
    return np.asarray(view.answer != view.observation.x, np.float64), 0.0


def alone_in_its_row(_draw: Draw, arguments: Arguments) -> Case:
    """The first entry of each row."""
    return Case({"x": np.ascontiguousarray(arguments["x"][:, :1])})


def infinities(view: View) -> Measured:
    """A row of -inf alone gives -inf, and a row with +inf gives +inf.

    The extended reals decide both: a sum of zeros has the logarithm -inf, and exp(+inf) = inf whatever else is
    summed. What is counted are rows with another answer, NaN among them; none is allowed. Rows with NaN are not tried.

    Example: [-inf, -inf] - max is NaN, since -inf - -inf is.

    Fix: subtract the maximum only where it is finite, and 0 elsewhere.
    """
    return float(view.observation.count), 0.0


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
    note = f"got {out[wrong][0]:.6g} where it is {expected[wrong][0]:.6g}" if wrong.any() else ""
    return Observation(case.arguments, count=int(wrong.sum()), note=note)


def accuracy(view: View) -> Measured:
    """The output is as close to the exact value as a sound algorithm comes.

    Allowed, absolute: u abs(y) for the addition of the maximum, and the error of log S:
    (d + g W((n - 1) / e)) u + r_e + (r_l + g - 1) log S u, with g roundings of a gap and d additions
    (`properties.roles.softmax.bounds` derives it). No relative bound exists near zero. Where the output is not finite,
    and the exact value is in range, the error is infinite.

    Example: log(sum(exp(x))) of [-104, -104] in float32 is -inf; the exact value is -103.31.

    Fix: max x + log(sum(exp(x - max x))), summed in float32 at least.
    """
    return view.error(abs(view.out - view.exact)), view.allowance


def shift_equivariance(view: View) -> Measured:
    """Adding one number to a whole row adds it to the output.

    Only shifts c that are exact in the dtype are tried. Then y(x + c) = y(x) + c exactly, and what is measured is
    f(x + c) - f(x) - c. Allowed are the allowances of `accuracy` of both: they differ in u abs(y) alone.

    Example: log(sum(exp(x))) of [0, 0] is 0.69, of [100, 100] in float32 inf.

    Fix: max x + log(sum(exp(x - max x))).
    """
    c = view.argument("shift")
    error = view.error(abs(view.other - view.out - c))
    moved = (abs(view.exact + c) - abs(view.exact)) * view.fmt.unit_roundoff
    return error, view.allowance * 2.0 + moved


def observe_shift(call: Call, case: Case) -> Observation:
    """f(x) and f(x + shift)."""
    x, shift = case.x, case.arguments["shift"]
    other = call.rows({"x": (x + shift).astype(x.dtype)})
    return Observation({"x": x, "shift": shift}, call.rows({"x": x}), other)


def permutation_invariance(view: View) -> Measured:
    """Permuting a row does not change the output.

    The exact value is the same, and two answers of a sound algorithm are each within its allowance of
    `accuracy` of it; so their difference is within twice that. The permutations are
    i -> (stride i + start) mod n with stride coprime to n: reversal and rotation are among them.

    Example: the first entry in place of the maximum gives inf for [0, 100] in float32 and 100 for [100, 0].

    Fix: take the maximum of the whole row, and all of the row in the sum.
    """
    return compare(view)


def observe_permuted(call: Call, case: Case) -> Observation:
    """f(x), and f(x permuted)."""
    x, n = case.x, case.x.shape[-1]
    order = (case.number("stride") * np.arange(n) + case.number("start")) % n
    permuted = call.rows({"x": np.ascontiguousarray(x[:, order])})
    return Observation({"x": x}, call.rows({"x": x}), permuted, order=order)


def masked(view: View) -> Measured:
    """Entries of -inf do not count.

    exp(-inf) = 0 adds nothing, so the exact value is that of the row without them; two answers of a sound
    algorithm differ by at most twice the allowance of `accuracy`.

    Example: with -1e4 in place of -inf, [-inf, -2e4] gives -1e4.

    Fix: let -inf through: its exp is 0. Where a running maximum starts with it, guard -inf - -inf, which is NaN.
    """
    return compare(view)


ROLE = Role(
    name="logsumexp",
    call="f(x, axis=-1)",
    value="log sum_j exp(x_j), that axis removed",
    truth=truth.logsumexp,
    allowance=allowance,
    shiftable=True,
    fused=fused.logsumexp,
    signature=Signature(answer=without_axis),
    regimes=PLAIN + MASKED,
    properties=(
        Property("finite", "EX301", finite, unit="outputs", severity="critical", exact=True),
        Property("between", "EX302", between, unit="value"),
        Property("one_element", "EX303", one_element, unit="rows", arrange=alone_in_its_row, lengths="few", exact=True),
        Property(
            "infinities",
            "EX304",
            infinities,
            unit="rows",
            arrange=with_infinities,
            observe=observe_infinities,
            lengths="few",
            rows=8,
            masked=True,
            exact=True,
        ),
        Property("accuracy", "EX305", accuracy, unit="u", scale=in_roundoffs),
        replace(
            shift_invariance.PROPERTY,
            statement="",
            name="shift_equivariance",
            code="EX307",
            measure=shift_equivariance,
            observe=observe_shift,
            unit="u",
            scale=in_roundoffs,
            script=("print(f(x) + shift)", "print(f(x + shift))"),
        ),
        replace(
            permutation_equivariance.PROPERTY,
            name="permutation_invariance",
            code="EX308",
            measure=permutation_invariance,
            observe=observe_permuted,
            unit="u",
            scale=in_roundoffs,
            script=(permutation_equivariance.PROPERTY.script[0], "print(f(x))", "print(f(x[..., order]))"),
        ),
        Property(
            "mask",
            "EX310",
            masked,
            unit="u",
            scale=in_roundoffs,
            observe=masking.observe,
            rows=4,
            lengths="few",
            masked=True,
            script=("print(f(x))", "print([f(row[row > -np.inf][None])[0] for row in x])"),
        ),
        *contract.WITH_AXIS,
    ),
)
