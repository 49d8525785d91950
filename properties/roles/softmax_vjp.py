"""The role softmax_vjp: bound and properties. Its truth and its parts are those of softmax.

A sound product is s_j (g_j - t) with t = <g, s>, or the product of a sound Jacobian with g. With q_j the relative error
of a sound softmax and G what underflow adds (`properties.roles.softmax.bounds`), to first order and absolute:

| source | error |
|---|---|
| t: the errors of s, its products and sum | T = sum_i (q_i + (d + 2) u) abs(g_i) s_i + G sum_i abs(g_i) + n eta |
| s_j, the difference and the product | s_j (q_j + 3 u) abs(g_j - t) + G abs(g_j - t) |
| as a product with a Jacobian: the terms s_j g_j, among others | s_j (d + 2) u abs(g_j) |
| in float32 and float64, subnormal entries and products of a Jacobian | E = sum_k (G s_k + eta) abs(g_k) + n eta |
| in all | s_j ((q_j + 3 u) abs(g_j - t) + (d + 2) u abs(g_j) + (1 + q_j) T) + G abs(g_j - t) + E + 2 eta |

A Jacobian that is kept in 16 bits is not in the class: its entries underflow to zero from n = 4096 on in float16.

It grows with d, which is n - 1 in float64 and float32: at n = 10,000 in float32 it is still below a hundredth of
s_j max abs(g), so that a gradient of zeros, or one without the terms beside the diagonal, is far outside.
Source: the inner product of Jeannerod and Rump, "Improved error bounds for inner products in floating-point
arithmetic", SIAM J. Matrix Anal. Appl. 34 (2013).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.cotangents import with_cotangent
from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.inputs.regimes import MASKED, PLAIN, Regime
from extremum.properties.laws import contract
from extremum.properties.model import rounding
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles import derivatives
from extremum.properties.roles.softmax import bounds
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import where
from extremum.reference.truth import Columns
from extremum.reference.truth import logits as truth


def allowance(view: View) -> Any:
    """The absolute error of a sound product by component (those shown), as derived above."""
    return of_cotangent(view, view.argument("g"), view.columns)


def of_cotangent(view: View, g: Any, columns: Columns) -> Any:
    """The allowance for the cotangent `g` (rows, n), in those columns."""
    s, u, gradual = view.parts.s, view.fmt.unit_roundoff, bounds.gradual(view.fmt)
    d = rounding.additions(view.fmt, view.n)
    q = bounds.componentwise(view, d, slice(None))
    total, size = view.arithmetic.total, abs(g)
    t_error = total((q + (d + 2) * u) * size * s) + total(size) * gradual + view.n * view.fmt.eta
    apart = abs(g - total(g * s))[:, columns]
    wide = view.fmt.precision >= rounding.RECURSIVE_FROM
    entries = total((s * gradual + view.fmt.eta) * size) + view.n * view.fmt.eta if wide else view.fmt.eta
    s, q, size = s[:, columns], q[:, columns], size[:, columns]
    own = s * ((q + 3 * u) * apart + size * ((d + 2) * u) + (q + 1.0) * t_error) + apart * gradual
    return own + entries + 2 * view.fmt.eta


def in_cotangents(view: View) -> Array:
    """The unit roundoff times max abs(g), the unit of an error of the product."""
    g = np.abs(view.observation.arguments["g"].astype(np.float64)).max(axis=-1, keepdims=True)
    return np.asarray(np.maximum(view.fmt.unit_roundoff * g, view.fmt.tiny))


def finite(view: View) -> Measured:
    """No output is NaN or infinite.

    abs(s_j (g_j - t)) is at most max g - min g, which is in range for the cotangents that are tried (64 times their sum
    is finite), and so is every partial sum of t, or of t times the sum of the exps. None is allowed.

    Example: exp(x) without a shift is inf for 89 in float32, and inf / inf is NaN.

    Fix: compute softmax with a shift first, then s * (g - sum(g * s)).
    """
    return np.where(np.isfinite(view.answer), 0.0, 1.0), 0.0


def sum_to_zero(view: View) -> Measured:
    """The entries sum to zero.

    sum_j s_j (g_j - t) = t - t, because s sums to one. Allowed is the sum of the allowances of `accuracy`, and of what
    was flushed to zero, which `gradual_underflow` judges; the sum of the answers is taken exactly.

    Example: s * g, without the mean taken off, sums to <g, s>.

    Fix: s * (g - sum(g * s)), with the sum along the row that softmax was taken of.
    """
    flawed = np.asarray(view.flawed.any(axis=-1, keepdims=True))
    every = isinstance(view.columns, slice)  # then they are known already
    allowed = view.allowance if every else of_cotangent(view, view.argument("g"), slice(None))
    exact = abs(view.truth.exact())
    dropped = where(~((view.answer == 0) & (view.narrow(exact) < view.fmt.tiny)), 0.0, exact)
    return where(flawed, np.inf, abs(view.total)), view.arithmetic.total(allowed + dropped)


def accuracy(view: View) -> Measured:
    """Every entry is as close to the exact value as a sound algorithm comes.

    Allowed: s_j ((q_j + 3 u) abs(g_j - t) + (d + 2) u abs(g_j) + (1 + q_j) T) and what underflow adds, with T the error
    of t = <g, s> (`properties.roles.softmax_vjp` derives it). It is componentwise, so that zeros in place of entries of
    size 1/n are as wrong at n = 10,000 as at n = 2.

    Example: s_i (1 - s_i) g_i, the diagonal alone, gives [1/4, 1/4] for x = [0, 0] and g = [1, 1]; it is [0, 0].

    Fix: s * (g - sum(g * s)), summed in float32 at least.
    """
    return derivatives.error(view), view.allowance


def annihilates_constants(view: View) -> Measured:
    """A constant cotangent gives zero.

    A constant c is annihilated, since the outputs of softmax sum to one: s_j (c - c) = 0. Allowed is the allowance of
    `accuracy`, which is c s_j times the relative errors of s, of the sum and of the products.

    Example: s * g gives c s.

    Fix: take t = sum(g * s) off; where s does not sum to one to rounding, mend softmax.
    """
    return view.error(abs(view.out)), view.allowance


def constants(draw: Draw, arguments: Arguments) -> Case:
    """The rows, with a constant cotangent."""
    c = draw.fmt.round(pick(draw, [1.0, -1.0, 3.0, 0.1, 100.0, -1000.0]))
    return Case({**arguments, "g": np.ascontiguousarray(np.broadcast_to(c, arguments["g"].shape))})


def linear(view: View) -> Measured:
    """The product is linear in the cotangent.

    f(x, g + h) is compared with f(x, g) + f(x, h), for g and h whose sum is exact in the dtype. The exact values are
    equal; allowed are the three allowances of `accuracy`, and the rounding of the sum of two answers.

    Example: with a cotangent that is clipped to [-1, 1], x = [0, 0] and g = h = [1, 0] give [1/4, -1/4] for the sum
    and for each; two of them make [1/2, -1/2].

    Fix: s * (g - sum(g * s)) has g in it once in each term, and nothing else. Another cause: abs(g) in place of g.
    """
    g, h = view.argument("g"), view.argument("h")
    each = of_cotangent(view, g - h, view.columns) + of_cotangent(view, h, view.columns) + view.allowance
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
    apart = call.rows({"x": x, "g": g}) + call.rows({"x": x, "g": h})
    return Observation({"x": x, "g": both, "h": h}, call.rows({"x": x, "g": both}), apart)


def rows_and_cotangents(draw: Draw, regime: Regime) -> Arguments:
    """Rows of logits `x`, and a cotangent `g` for each."""
    return {"x": regime.fill(draw), "g": with_cotangent(draw)}


ROLE = Role(
    name="softmax_vjp",
    call="f(x, g) -> (n,)",
    value="s * (g - <g, s>)",
    truth=truth.softmax_vjp,
    allowance=allowance,
    shiftable=True,
    signature=Signature(inputs={"x": 1, "g": 1}, batched=False),
    arguments=rows_and_cotangents,
    rows=24,
    bounded=True,
    regimes=PLAIN + MASKED,
    properties=(
        Property("finite", "EX501", finite, unit="outputs", severity="critical", exact=True),
        Property("sum_to_zero", "EX504", sum_to_zero, unit="u", scale=in_cotangents),
        Property("accuracy", "EX505", accuracy, unit="u", scale=in_cotangents),
        Property(
            "annihilates_constants",
            "EX506",
            annihilates_constants,
            unit="u",
            scale=in_cotangents,
            arrange=constants,
            lengths="moderate",
        ),
        Property(
            "linear",
            "EX507",
            linear,
            unit="u",
            scale=in_cotangents,
            arrange=two_cotangents,
            observe=observe_sum,
            rows=8,
            lengths="moderate",
            script=("print(f(x, g + h))", "print(f(x, g) + f(x, h))"),
        ),
        derivatives.MASK,
        derivatives.GRADUAL_UNDERFLOW,
        *contract.BY_ROW,
    ),
)
