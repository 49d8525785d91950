"""The role softmax_vjp: bound and properties. Its truth and its parts are those of softmax.

A sound product is s_j (g_j - t) with t = <g, s>, or the product of a sound Jacobian with g. With q_j the relative error
of a sound softmax and G what underflow adds (`properties.roles.softmax.bounds`), to first order and absolute:

| source | error |
|---|---|
| t: the errors of s, its products and sum | T = sum_i (q_i + (d + 2) u) abs(g_i) s_i + G sum_i abs(g_i) + n eta |
| s_j, the difference and the product | s_j (q_j + 3 u) abs(g_j - t) + G abs(g_j - t) |
| as a product with a Jacobian: the terms s_j g_j, among others | s_j (d + 2) u abs(g_j) |
| in float32 and float64, subnormal products in a Jacobian, n an entry | E = sum_k (G s_k + n eta) abs(g_k) + n eta |
| in all | s_j ((q_j + 3 u) abs(g_j - t) + (d + 2) u abs(g_j) + (1 + q_j) T) + G abs(g_j - t) + E + 2 eta |

A flush to zero is let pass, and judged by `gradual_underflow`: s_i, a product and a sum each lose two smallest normals
of the format that is computed in, float32 at least, in place of what gradual underflow costs; an entry of g that is
taken for zero is one of them. A Jacobian that is kept in 16 bits is not in the class: its entries underflow to zero
from n = 4096 on in float16.

It grows with d, which is n - 1 in float64 and float32: at n = 10,000 in float32 it is still below a hundredth of
s_j max abs(g), so that a gradient of zeros, or one without the terms beside the diagonal, is far outside.
Source: the inner product of Jeannerod and Rump, "Improved error bounds for inner products in floating-point
arithmetic", SIAM J. Matrix Anal. Appl. 34 (2013).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.cotangents import ROOM, with_cotangent
from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.inputs.regimes import MASKED, PLAIN, Regime
from extremum.properties.laws import contract
from extremum.properties.model import rounding
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles import derivatives
from extremum.properties.roles.softmax import bounds, finite
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import where
from extremum.reference.truth import Columns
from extremum.reference.truth import logits as truth


def error_bound(view: View) -> Any:
    """The absolute error of a sound product by component (those shown), flushes to zero on the way included."""
    return cotangent_bound(view, view.argument("g"), view.columns)


def gradual_bound(view: View) -> Any:
    """As `error_bound`, with gradual underflow."""
    return cotangent_bound(view, view.argument("g"), view.columns, 0.0)


def cotangent_bound(view: View, g: Any, columns: Columns, flushes: float = derivatives.FLUSHES) -> Any:
    """The error bound for the cotangent `g` (rows, n), in those columns, with so many flushes at each operation."""
    s, u, lost = view.parts.s, view.fmt.unit_roundoff, flushes * bounds.flush_of(view.fmt)
    gradual, eta = bounds.gradual(view.fmt) + lost, view.fmt.eta + lost
    d = rounding.additions(view.fmt, view.n)
    q = bounds.componentwise(view, d, slice(None))
    total, size = view.arithmetic.total, abs(g)
    t_error = total((q + (d + 2) * u) * size * s) + total(size) * gradual + view.n * eta
    apart = abs(g - total(g * s))[:, columns]
    wide = view.fmt.precision >= rounding.RECURSIVE_FROM
    entries = total((s * gradual + view.n * eta) * size) + view.n * eta if wide else eta
    s, q, size = s[:, columns], q[:, columns], size[:, columns]
    own = s * ((q + 3 * u) * apart + size * ((d + 2) * u) + (q + 1.0) * t_error) + apart * gradual
    return own + entries + 2 * eta


def in_cotangents(view: View) -> Array:
    """The unit roundoff times max abs(g), the unit of an error of the product."""
    g = np.abs(view.observation.arguments["g"].astype(np.float64)).max(axis=-1, keepdims=True)
    return np.asarray(np.maximum(view.fmt.unit_roundoff * g, view.fmt.tiny))


FINITE = replace(
    finite.PROPERTY,
    code="EX501",
    statement="No output is NaN or infinite.",
    bound="""abs(s_j (g_j - t)) is at most max g - min g, which is in range for the cotangents that are tried (64
    times their sum is finite), and so is every partial sum of t, or of t times the sum of the exps. None is
    allowed.""",
    example="exp(x) without a shift is inf for 89 in float32, and inf / inf is NaN.",
    fix="compute softmax with a shift first, then s * (g - sum(g * s)).",
    source=__name__,
)


def sum_to_zero(view: View) -> Measured:
    """The magnitude of the sum of each row; allowed is the sum of its error bounds, and what was flushed to zero."""
    flawed = np.asarray(view.wrong_nonfinite.any(axis=-1, keepdims=True))
    all_columns = isinstance(view.columns, slice)  # then they are known already
    allowed = view.error_bound if all_columns else cotangent_bound(view, view.argument("g"), slice(None))
    exact = abs(view.truth.exact())
    dropped = where(~((view.answer == 0) & (view.narrow(exact) < view.fmt.tiny)), 0.0, exact)
    return where(flawed, np.inf, abs(view.total)), view.arithmetic.total(allowed + dropped)


SUM_TO_ZERO = Property(
    name="sum_to_zero",
    code="EX504",
    statement="The entries sum to zero.",
    bound="""sum_j s_j (g_j - t) = t - t, because s sums to one. Allowed is the sum of the error bounds of `accuracy`,
    and of what was flushed to zero, which `gradual_underflow` judges; the sum of the answers is taken exactly.""",
    example="s * g, without the mean taken off, sums to <g, s>.",
    fix="s * (g - sum(g * s)), with the sum along the row that softmax was taken of.",
    measure=sum_to_zero,
    unit="u",
    script=("import math", "got, expected = math.fsum(f(x, g){pick}.astype(float).tolist()), 0.0"),
    scale=in_cotangents,
)


def accuracy(view: View) -> Measured:
    """The error of each entry, 0 where it was flushed to zero; allowed is the error bound of the role."""
    return derivatives.error(view), view.error_bound


def keeps_digits(view: View) -> Any:
    """The grade of those that keep the digits of a component that is small because s_j is near 0 or 1.

    s_j (g_j - t) is s_j times the sum of s_i (g_j - g_i) over the others: at most s_j (1 - s_j) times the largest
    abs(g_j - g_i). Summed so, it has a relative error of this size, and what underflow adds.
    """
    g = view.observation.arguments["g"].astype(np.float64)
    span = np.maximum(g.max(axis=-1, keepdims=True) - g, g - g.min(axis=-1, keepdims=True))
    d = rounding.additions(view.fmt, view.n)
    q = bounds.componentwise(view, d, slice(None))
    relative = q + view.parts.mean_of_others(q) + (d + 5) * view.fmt.unit_roundoff
    lost = view.n * bounds.gradual(view.fmt) * (1.0 + np.abs(g).max(axis=-1, keepdims=True))
    size = view.parts.s * view.parts.one_minus_s * view.arithmetic.lift(span)
    return (size * relative)[:, view.columns] + view.arithmetic.lift(lost)


ACCURACY = Property(
    name="accuracy",
    code="EX505",
    statement="Every entry is as close to the exact value as a sound algorithm comes.",
    bound="""Allowed: s_j ((q_j + 3 u) abs(g_j - t) + (d + 2) u abs(g_j) + (1 + q_j) T) and what underflow adds,
    with T the error of t = <g, s> (`properties.roles.softmax_vjp` derives it). It is componentwise, so that zeros
    in place of entries of size 1/n are as wrong at n = 10,000 as at n = 2.""",
    example="s_i (1 - s_i) g_i, the diagonal alone, gives [1/4, 1/4] for x = [0, 0] and g = [1, 1]; it is [0, 0].",
    fix="s * (g - sum(g * s)), summed in float32 at least.",
    measure=accuracy,
    unit="u",
    scale=in_cotangents,
    grades={"keeps the digits of small components": keeps_digits, "absolute bound": None},
)


def annihilates_constants(view: View) -> Measured:
    """The magnitude of each entry; the error bound of the role is allowed."""
    return view.error(abs(view.out)), view.error_bound


def constants(draw: Draw, arguments: Arguments) -> Case:
    """The rows, with a constant cotangent."""
    c = draw.fmt.round(pick(draw, [1.0, -1.0, 3.0, 0.1, 100.0, -1000.0]))
    return Case({**arguments, "g": np.ascontiguousarray(np.broadcast_to(c, arguments["g"].shape))})


ANNIHILATES_CONSTANTS = Property(
    name="annihilates_constants",
    code="EX506",
    statement="A constant cotangent gives zero.",
    bound="""A constant c is annihilated, since the outputs of softmax sum to one: s_j (c - c) = 0. Allowed is the
    error bound of `accuracy`, which is c s_j times the relative errors of s, of the sum and of the products.""",
    example="s * g gives c s.",
    fix="take t = sum(g * s) off; where s does not sum to one to rounding, mend softmax.",
    measure=annihilates_constants,
    unit="u",
    script=("got, expected = float(f(x, g){at}), 0.0",),
    scale=in_cotangents,
    arrange=constants,
    lengths="moderate",
)


def linear(view: View) -> Measured:
    """How far f(x, g + h) is from f(x, g) + f(x, h); allowed are three error bounds, and the rounding of the sum."""
    g, h = view.argument("g"), view.argument("h")
    each = cotangent_bound(view, g - h, view.columns) + cotangent_bound(view, h, view.columns) + view.error_bound
    return view.error(abs(view.out - view.other)), each + abs(view.other) * view.fmt.unit_roundoff + view.fmt.eta


def two_cotangents(draw: Draw, arguments: Arguments) -> Case:
    """The rows, with two cotangents of small integers times a power of two."""
    scale = pick(draw, [1.0, 2.0**-4, 2.0**4])
    g, h = (draw.fmt.round(draw.integers(-4, 4, each=True) * scale) for _ in range(2))
    return Case({**arguments, "g": g, "h": h})


def observe_sum(call: Call, case: Case) -> Observation:
    """f(x, g + h), and f(x, g) + f(x, h)."""
    x, g, h = (case.arguments[name] for name in ("x", "g", "h"))
    both = (g + h).astype(g.dtype)
    one, two, out = call.each([{"x": x, "g": g}, {"x": x, "g": h}, {"x": x, "g": both}])
    return Observation({"x": x, "g": both, "h": h}, out, one + two)


LINEAR = Property(
    name="linear",
    code="EX507",
    statement="The product is linear in the cotangent.",
    bound="""f(x, g + h) is compared with f(x, g) + f(x, h), for g and h whose sum is exact in the dtype. The exact
    values are equal; allowed are the three error bounds of `accuracy`, and the rounding of the sum of two answers.""",
    example="""with a cotangent that is clipped to [-1, 1], x = [0, 0] and g = h = [1, 0] give [1/4, -1/4] for the
    sum and for each; two of them make [1/2, -1/2].""",
    fix="s * (g - sum(g * s)) has g in it once in each term, and nothing else. Another cause: abs(g) in place of g.",
    measure=linear,
    unit="u",
    scale=in_cotangents,
    arrange=two_cotangents,
    observe=observe_sum,
    beside="as the sum of two calls",
    rows=8,
    lengths="moderate",
    script=("got = float(f(x, g + h){at})", "expected = float(f(x, g){at}) + float(f(x, h){at})"),
)


def sums_stay_in_range(arguments: Arguments, fmt: Format) -> Array:
    """Rows (a mask) of which 64 times the sum of the magnitudes of g is finite, as of those that are tried."""
    sizes = np.abs(arguments["g"].astype(np.float64)) / fmt.max
    return np.asarray(sizes.sum(axis=-1) * ROOM <= 1)


def rows_and_cotangents(draw: Draw, regime: Regime) -> Arguments:
    """Rows of logits `x`, and a cotangent `g` for each."""
    return {"x": regime.fill(draw), "g": with_cotangent(draw)}


ROLE = Role(
    name="softmax_vjp",
    call="f(x, g) -> (n,)",
    value="s * (g - <g, s>)",
    truth=truth.softmax_vjp,
    error_bound=error_bound,
    gradual_bound=gradual_bound,
    shiftable=True,
    signature=Signature(inputs={"x": 1, "g": 1}, batched=False),
    arguments=rows_and_cotangents,
    rows=24,
    bounded=True,
    masked=0.0,
    derived_for=sums_stay_in_range,
    regimes=PLAIN + MASKED,
    properties=(
        FINITE,
        SUM_TO_ZERO,
        ACCURACY,
        ANNIHILATES_CONSTANTS,
        LINEAR,
        derivatives.MASK,
        derivatives.GRADUAL_UNDERFLOW,
        *contract.BY_ROW,
    ),
)
