"""The role softmax_jacobian: bound and properties. Its truth and its parts are those of softmax.

A sound Jacobian is made of a sound softmax s, each entry off by e_i = q_i s_i + G, with q_i the relative error of
`properties.roles.softmax.bounds` and G what underflow adds. With Q = sum_k s_k q_k, to first order and absolute:

| entry | form | error |
|---|---|---|
| i != j | -s_i s_j | s_i s_j (q_i + q_j + 2 u) + G (s_i + s_j) |
| i = j | s_i - s_i**2, s_i (1 - s_i) | e_i + e_i**2 + 2 u s_i |
| i = j | s_i times the sum of the others | s_i (1 - s_i) (q_i + (d + 2) u) + s_i Q |
| all | as a product of matrices: n products that may be subnormal, half a step each | n eta |

A flush to zero is let pass, and judged by `gradual_underflow`: each of these steps then loses two smallest normals of
the format that is computed in, float32 at least. The first form of the diagonal loses its digits as s_i goes to 1: its
error is relative to s_i, not to s_i (1 - s_i). It is what most people write, it is called sound, and the grade of
accuracy tells which it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.cotangents import with_cotangent
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import MASKED, PLAIN
from extremum.properties.laws import contract
from extremum.properties.laws.comparison import compare
from extremum.properties.laws.measures import larger
from extremum.properties.model import rounding
from extremum.properties.model.property import Property, roundoff
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles import derivatives
from extremum.properties.roles.softmax import bounds, finite
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature, square
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import choose, where
from extremum.reference.truth import Columns
from extremum.reference.truth import logits as truth

LONGEST = 257  # an answer to it has 66,049 entries
SYMMETRIC_PART = ("J = np.nan_to_num(f(x){pick}.astype(float), posinf=0, neginf=0)", "J = (J + J.T) / 2")


def gradual_bound(view: View) -> Any:
    """As `error_bound`, with gradual underflow."""
    return error_bound(view, flushes=0.0)


def error_bound(view: View, columns: Columns | None = None, flushes: float = derivatives.FLUSHES) -> Any:
    """The absolute error of a sound Jacobian by entry, with so many flushes to zero at each operation."""
    columns = view.columns if columns is None else columns
    s, u, lost = view.parts.s, view.fmt.unit_roundoff, flushes * bounds.flush_of(view.fmt)
    gradual, eta = bounds.gradual(view.fmt) + lost, view.fmt.eta + lost
    d = rounding.additions(view.fmt, view.n)
    q = bounds.componentwise(view, d, slice(None))
    e = q * s
    if not view.full_bound:  # e_i (e_i + 1) is the least of a diagonal
        return truth.with_diagonal(truth.pairs(s, e, columns) + truth.pairs(e, s, columns), e, columns) + eta
    e = e + gradual
    off_diagonal = truth.pairs(s, e, columns) + truth.pairs(e, s + e, columns) + truth.pairs(s, s, columns) * (2 * u)
    complement = s * view.parts.one_minus_s * (q + (d + 2) * u) + s * view.arithmetic.total(q * s)
    difference = e * (e + 1.0) + s * (2 * u)
    diagonal = larger(view, complement, difference)
    return truth.with_diagonal(off_diagonal, diagonal + gradual, columns) + (view.n + 2) * eta


def entry_bounds(view: View, columns: Columns) -> Any:
    """The error bounds of those entries; of all of them where all columns are shown, which are computed once."""
    return view.error_bound[:, columns] if isinstance(view.columns, slice) else error_bound(view, columns)


def keeps_digits(view: View) -> Any:
    """The grade of those whose diagonal keeps its digits as s_i goes to 1: (2 q + (d + 3) u) relative, by entry.

    Each number that a product takes may be subnormal, and so may every term of the sum of the others.
    """
    i, j = truth.places(view.n, view.columns)
    d = rounding.additions(view.fmt, view.n)
    q = bounds.componentwise(view, d, slice(None))
    relative = q[:, i] + choose(i == j, view.parts.mean_of_others(q)[:, i], q[:, j])
    lost = view.arithmetic.lift(np.where(i == j, view.n + 3.0, 4.0) * bounds.gradual(view.fmt))
    return (relative + (d + 3) * view.fmt.unit_roundoff) * abs(view.exact) + lost


def row_sums(view: View, weights: Any, of: Callable[[Columns], Any]) -> Any:
    """The sums along the rows (those shown) of entries times weights (rows, n), with `of(columns)` the entries."""
    rows = np.arange(view.n)[view.columns]
    entries = of((rows[:, None] * view.n + np.arange(view.n)).ravel())
    count = len(view.observation.x)
    products = entries.reshape(count, len(rows), view.n) * weights[:, None, :]
    return view.arithmetic.total(products)[..., 0]


def quadratic_form(view: View, entries: Any, v: Any) -> Any:
    """v^T M v of the matrices whose entries are (rows, n * n), shape (rows, 1)."""
    products = entries.reshape(len(view.observation.x), view.n, view.n) * v[:, None, :]
    inner = view.arithmetic.total(products)[..., 0]
    return view.arithmetic.total(inner * v)


FINITE = replace(
    finite.PROPERTY,
    code="EX401",
    statement="No entry is NaN or infinite.",
    bound="""For finite x every exact entry lies in [-1/4, 1/4], so no rounding can excuse another answer: none is
    allowed.""",
    example="""the quotient rule as textbooks print it has exp(x_i) exp(x_j) and S**2 in it: in float64 it overflows
    above 354.89, half of where exp does, and is NaN.""",
    fix="compute softmax with a shift first, and the Jacobian from it: diag(s) - s s^T.",
    source=__name__,
    unit="entries",
)


def observe_transposed(call: Call, case: Case) -> Observation:
    """J and its transpose."""
    out, (rows, n) = call.rows(case.arguments), case.x.shape
    transposed = out.reshape(rows, n, n).swapaxes(1, 2).reshape(rows, -1)
    return Observation(case.arguments, out, transposed)


SYMMETRIC = Property(
    name="symmetric",
    code="EX402",
    statement="The Jacobian is symmetric.",
    bound="""s_i s_j = s_j s_i exactly, and two entries that are each within the error bound of `accuracy` of the same
    value are within twice that of each other.""",
    example="with the lower triangle left at 0, J_01 of [0, 0] is -1/4 and J_10 is 0.",
    fix="fill both triangles, or take the outer product of s with itself.",
    measure=compare,
    source=__name__,
    unit="u",
    scale=roundoff,
    observe=observe_transposed,
    beside="in the transposed place",
    script=("J = f(x){pick}", "got, expected = float(J{inner}), float(J.T{inner})"),
)


def rows_sum_to_zero(view: View) -> Measured:
    """The magnitude of the sum of each row; allowed is the sum of the error bounds of its entries."""
    ones = view.arithmetic.lift(np.ones_like(view.observation.x))
    measured = abs(row_sums(view, ones, lambda columns: view.whole[:, columns]))
    flawed = np.asarray(view.wrong_nonfinite.any(axis=-1, keepdims=True))
    return where(flawed, np.inf, measured), row_sums(view, ones, lambda columns: entry_bounds(view, columns))


ROWS_SUM_TO_ZERO = Property(
    name="rows_sum_to_zero",
    code="EX404",
    statement="Each row of the Jacobian sums to zero.",
    bound="""The outputs of softmax sum to one whatever x is, so their derivatives sum to zero. Allowed is the sum
    of the error bounds of `accuracy` of the entries of the row; the sum of the answers is taken exactly.""",
    example="the diagonal alone, without - s_i s_j beside it, has rows that sum to s_i (1 - s_i), 1/4 for [0, 0].",
    fix="diag(s) - s s^T with both terms, from one and the same s.",
    measure=rows_sum_to_zero,
    unit="u",
    scale=roundoff,
    script=("import math", "got, expected = math.fsum(f(x){pick}[{column}].astype(float).tolist()), 0.0"),
)


def positive_semidefinite(view: View) -> Measured:
    """-v^T J v of the answer; allowed is abs(v)^T A abs(v), with A the error bounds of its entries."""
    v = view.argument("v")
    allowed = quadratic_form(view, entry_bounds(view, slice(None)), abs(v))
    return quadratic_form(view, view.whole, v) * -1.0, allowed


def norm(view: View) -> Measured:
    """v^T J v / v^T v of the answer; allowed is 1/2, and what the error bounds of its entries add."""
    v = view.argument("v")
    length = view.arithmetic.total(v * v)
    allowed = quadratic_form(view, entry_bounds(view, slice(None)), abs(v))
    return quadratic_form(view, view.whole, v) / length, allowed / length + 0.5


def eigenvector(which: int) -> Callable[[Call, Case], Observation]:
    """The experiment that adds, as `v`, an eigenvector of the symmetric part of the answer: 0 lowest, -1 highest."""

    def observe(call: Call, case: Case) -> Observation:
        out, (rows, n) = call.rows(case.arguments), case.x.shape
        matrices = np.nan_to_num(out.astype(np.float64), posinf=0.0, neginf=0.0).reshape(rows, n, n)
        top = np.maximum(np.abs(matrices).max(axis=(1, 2), keepdims=True), np.finfo(np.float64).tiny)
        scaled = matrices / top
        vectors = np.linalg.eigh((scaled + scaled.swapaxes(1, 2)) / 2)[1]
        return Observation({**case.arguments, "v": np.ascontiguousarray(vectors[:, :, which])}, out)

    return observe


POSITIVE_SEMIDEFINITE = Property(
    name="positive_semidefinite",
    code="EX403",
    statement="The Jacobian is positive semidefinite: v^T J v is a variance, sum s_i v_i**2 - (sum s_i v_i)**2.",
    bound="""v is the eigenvector of the smallest eigenvalue of the answer, found in float64; whatever v is, v^T J
    v >= 0, so an answer that is within the error bounds A of `accuracy` has v^T J v >= -abs(v)^T A abs(v). Both sides
    are evaluated for this v as it stands, so that a refutation needs no trust in the eigensolver. Measured is -v^T
    J v.""",
    example="s s^T - diag(s), the sign reversed, has the eigenvalue -1/2 for [0, 0].",
    fix="diag(s) - s s^T. Another cause: a diagonal that is computed from another s than the outer product.",
    measure=positive_semidefinite,
    unit="u",
    scale=roundoff,
    observe=eigenvector(0),
    rows=16,
    lengths="few",
    script=(
        *SYMMETRIC_PART,
        "got = float(np.linalg.eigvalsh(J)[0])  # the smallest eigenvalue",
        "expected = max(got, 0.0)",
        "allowed = {spread}",
    ),
)


NORM = Property(
    name="norm",
    code="EX406",
    statement="The norm of the Jacobian is at most 1/2.",
    bound="""v^T J v is the variance under s of numbers v_i with sum v_i**2 = 1. Popoviciu: a variance is at most a
    quarter of the range squared, and the range squared is at most 2 sum v_i**2. v is the eigenvector of the largest
    eigenvalue of the answer, found in float64, and allowed is 1/2 and what the error bounds A of `accuracy` add:
    abs(v)^T A abs(v) / v^T v. Both sides are evaluated for this v as it stands.""",
    example="diag(s) alone has the norm max s, which is 1 where one entry dominates.",
    fix="subtract the outer product. Another cause: a factor, such as a temperature or n.",
    measure=norm,
    unit="value",
    observe=eigenvector(-1),
    rows=16,
    lengths="few",
    script=(
        *SYMMETRIC_PART,
        "got = float(np.linalg.eigvalsh(J)[-1])  # the largest eigenvalue",
        "expected = min(got, 0.5)",
        "allowed = {spread}",
    ),
)


def accuracy(view: View) -> Measured:
    """The error of each entry, 0 where it was flushed to zero; allowed is the error bound of the role."""
    return derivatives.error(view), view.error_bound


GRADES = {"keeps the digits of the diagonal": keeps_digits, "absolute bound": None}
ACCURACY = Property(
    name="accuracy",
    code="EX405",
    statement="Every entry is as close to the exact value as a sound algorithm comes.",
    bound="""Allowed: (2 q + 2 u) relative beside the diagonal; on it, the error of s_i - s_i**2, which is relative
    to s_i and not to the entry (`properties.roles.softmax_jacobian` derives both from the relative error q of a
    sound softmax). The grade says whether the diagonal keeps its digits as s_i goes to 1.""",
    example="with the diagonal s_i where s_i (1 - s_i) is meant, J_00 of [0, 0] is 1/2 for 1/4.",
    fix="s_i (delta_ij - s_j), with a softmax that is accurate itself.",
    measure=accuracy,
    unit="u",
    scale=roundoff,
    grades=GRADES,
)


def vjp_agreement(view: View) -> Measured:
    """How far the answer times g is from the exact VJP; allowed is the sum of the row's error bounds times abs(g)."""
    g = view.argument("g")
    products = row_sums(view, g, lambda columns: view.whole[:, columns])
    measured = abs(products - truth.vjp(view.parts, g)[:, view.columns])
    flawed = np.asarray(view.wrong_nonfinite.any(axis=-1, keepdims=True))
    return where(flawed, np.inf, measured), row_sums(view, abs(g), lambda columns: entry_bounds(view, columns))


def observe_with_cotangent(call: Call, case: Case) -> Observation:
    """J, and the g of the case."""
    return Observation(case.arguments, call.rows(case.arguments))


def unit_of_rows(view: View) -> Array:
    """The unit roundoff times max abs(g), the unit of an error of a product with g."""
    g = np.abs(view.observation.arguments["g"].astype(np.float64)).max(axis=-1, keepdims=True)
    return np.asarray(np.maximum(view.fmt.unit_roundoff * g, view.fmt.tiny))


def arrange_with_cotangent(draw: Draw, arguments: Arguments) -> Case:
    """The rows, and a cotangent for each."""
    return Case({**arguments, "g": with_cotangent(draw)})


VJP_AGREEMENT = Property(
    name="vjp_agreement",
    code="EX407",
    statement="The Jacobian times a vector g is the VJP of softmax, s * (g - <g, s>).",
    bound="""J is symmetric, so the product is the VJP. The exact VJP is compared with the exact product of the
    answer and g; allowed is the sum of the error bounds of `accuracy` of a row's entries, each times abs(g_j).""",
    example="the diagonal alone gives s_i (1 - s_i) g_i: [1/4, 1/4] for x = [0, 0] and g = [1, 1], where it is [0, 0].",
    fix="as for `accuracy`.",
    measure=vjp_agreement,
    unit="u",
    scale=unit_of_rows,
    arrange=arrange_with_cotangent,
    observe=observe_with_cotangent,
    rows=32,
    lengths="moderate",
    script=(
        "import fractions",
        "pairs = zip(f(x){pick}[{column}].tolist(), g{pick}.tolist())",
        "got = float(sum(fractions.Fraction(float(a)) * fractions.Fraction(float(b)) for a, b in pairs))",
        "expected = {along}",
    ),
)


ROLE = Role(
    name="softmax_jacobian",
    call="f(x) -> (n, n)",
    value="diag(s) - s s^T",
    truth=truth.softmax_jacobian,
    error_bound=error_bound,
    gradual_bound=gradual_bound,
    shiftable=True,
    signature=Signature(answer=square, batched=False),
    longest=LONGEST,
    rows=24,
    bounded=True,
    masked=0.0,
    regimes=PLAIN + MASKED,
    properties=(
        FINITE,
        SYMMETRIC,
        POSITIVE_SEMIDEFINITE,
        ROWS_SUM_TO_ZERO,
        ACCURACY,
        NORM,
        VJP_AGREEMENT,
        derivatives.MASK,
        derivatives.GRADUAL_UNDERFLOW,
        *contract.BY_ROW,
    ),
)
