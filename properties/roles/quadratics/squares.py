"""What the gradients of norm(B x)^2 and norm(B x - c)^2 have in common: their bound, for m rows of n columns.

The sound forms are the residual first, 2 B^T (B x - c), and the Gram matrix, 2 (B^T B) x - 2 B^T c. With
size = abs(B) abs(x) + abs(c), reach = 2 abs(B^T) size, and g(k) of `properties.roles.quadratics.quadratic_bounds`:

| form | error of entry i |
|---|---|
| residual first: rho = g(n + 1) size for r | 2 abs(B^T) (g(m) (abs(r) + rho) + rho) |
| Gram: g(m) for B^T B and B^T c, g(n) for the product with x, u after | ((1 + g(m))(1 + g(n))(1 + u) - 1) reach |
| either, with four more roundings, of factors that scale | ((1 + g(m))(1 + g(n + 1))(1 + 4 u) - 1) reach |
| underflow of the products | ((n + 1) sum_k abs(B_ki) + m (2 + sum_j abs(x_j)) + n + 4) eta |

The first follows from the third, since abs(r) <= size. The last two lines are what is allowed. The residual first has
abs(r) where the Gram matrix has size: near the minimiser of a tall system that is the difference of the grades.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from extremum.properties.inputs import matrices
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import View
from extremum.properties.roles.quadratics import shared as quadratics
from extremum.properties.roles.quadratics.quadratic_bounds import (
    EXCUSED,
    compounded,
    flush_cost,
    gradual,
    inner,
    largest,
    scaling,
)
from extremum.properties.values.signature import Arguments, Signature, like
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import RATIONALS
from extremum.reference.truth.quadratics import squares_gradient


def error_bound(view: View) -> Any:
    """The absolute error of a sound gradient by component (those shown), a flush to zero included."""
    return bound(view, flush_cost(view))


def gradual_bound(view: View) -> Any:
    """As `error_bound`, with gradual underflow."""
    return bound(view, gradual(view))


def bound(view: View, underflow: float) -> Any:
    """What is allowed by component, with the cost of one underflow."""
    factor = compounded(inner(view.fmt, _m(view)), inner(view.fmt, view.n + 1), scaling(view.fmt))
    return view.parts.sum_of_magnitudes(view.columns) * view.arithmetic.constant(factor) + _underflow(view, underflow)


def residual_first(view: View) -> Any:
    """The grade of 2 B^T (B x - c)."""
    parts, arithmetic = view.parts, view.arithmetic
    rho = parts.size * arithmetic.constant(inner(view.fmt, view.n + 1))
    r = (abs(parts.residual) + rho) * arithmetic.constant(inner(view.fmt, _m(view))) + rho
    return parts.back(parts.abs_B, r, view.columns) + _underflow(view, gradual(view))


def _m(view: View) -> int:
    return int(view.parts.B.shape[1])


def _underflow(view: View, cost: float) -> Any:
    arithmetic, B = view.arithmetic, view.parts.abs_B
    ones = arithmetic.lift(np.ones(B.shape[:2]))
    columns = arithmetic.product(np.swapaxes(B, 1, 2)[:, view.columns], ones)
    x = arithmetic.total(arithmetic.lift(np.abs(view.parts.x))) + arithmetic.constant(2.0)
    terms = columns * arithmetic.constant(view.n + 1.0) + x * arithmetic.constant(float(_m(view)))
    return (terms + arithmetic.constant(view.n + 4.0)) * arithmetic.constant(cost)


def overflow(view: View) -> Array:
    """Rows in which a product, a sum, a residual or an entry of a Gram matrix may leave the range, shape (rows, 1)."""
    B, x = (a.astype(np.float64) for a in (view.parts.B, view.parts.x))
    with np.errstate(all="ignore"):
        gram = 2 * (B * B).sum(axis=1).max(axis=1)  # no entry is larger than one on the diagonal (Cauchy, Schwarz)
        entries = 2 * np.maximum(largest(B), largest(x))
        sums = [view.narrow(values).max(axis=1) for values in (view.parts.size, view.parts.sum_of_magnitudes())]
        most = np.maximum.reduce([gram, entries, *sums])
        return np.asarray(~(most < view.fmt.max / EXCUSED))[:, None]


FORMS = {"residual first": residual_first, "Gram matrix": None}


def systems_of(draw: Draw, regime: Regime) -> Arguments:
    """Matrices `B`, vectors `x`, and targets `c`."""
    B, x, c = (np.asarray(a) for a in regime.rows(draw))
    rounded = (B, np.broadcast_to(x, (draw.rows, draw.n)), np.broadcast_to(c, (draw.rows, draw.m)))
    return dict(zip("Bxc", (draw.fmt.round(a) for a in rounded), strict=True))


def role(
    name: str,
    *,
    call: str,
    value: str,
    inputs: Mapping[str, int],
    regimes: tuple[Regime, ...],
    accuracy: Property,
    linear: Property,
) -> Role:
    """The role of the gradient of a sum of squares, of these arguments: c is 0 where it is not among them."""

    def arguments(draw: Draw, regime: Regime) -> Arguments:
        system = systems_of(draw, regime)
        return {argument: system[argument] for argument in inputs}

    return Role(
        name=name,
        call=call,
        value=value,
        truth=squares_gradient,
        error_bound=error_bound,
        gradual_bound=gradual_bound,
        may_overflow=overflow,
        signature=Signature(inputs=inputs, answer=like("x"), batched=False),
        arguments=arguments,
        regimes=regimes,
        heights=matrices.heights,
        rows=24,
        longest=33,
        certifier=RATIONALS,
        contested=quadratics.CONTESTED,
        properties=(
            quadratics.FINITE,
            accuracy,
            quadratics.IDENTITY,
            linear,
            quadratics.HESSIAN_SYMMETRIC,
            quadratics.GRADUAL_UNDERFLOW,
            *contract.BY_ROW,
        ),
    )
