"""The role quadratic_form_gradient: f(x) = <x, A x> has the gradient (A + A^T) x.

The sound forms are one product with A + A^T, two products that are added, and one sum of all 2 n terms. With
reach_i = sum_j (abs(A_ij) + abs(A_ji)) abs(x_j), g(k) of `quadratic_bounds` beside this and u the unit roundoff:

| form | error of entry i |
|---|---|
| (A + A^T) x | ((1 + u)(1 + g(n)) - 1) sum_j abs(A_ij + A_ji) abs(x_j), which is 0 for a skew A |
| A x + A^T x | ((1 + u)(1 + g(n)) - 1) reach_i |
| one sum of 2 n terms, with four more roundings for halves and doubles | ((1 + g(2 n))(1 + 4 u) - 1) reach_i |
| underflow of the products, and of two halved entries times a doubled x | (2 n + 2 + 2 sum_j abs(x_j)) eta |

The last two lines are what is allowed, the others are grades.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.inputs import matrices
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, View
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
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature, like
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import RATIONALS
from extremum.reference.truth.quadratics import quadratic_form_gradient as truth

SLAB = 256  # rows of a matrix


def error_bound(view: View) -> Any:
    """The absolute error of a sound gradient by component (those shown), a flush to zero included."""
    return bound(view, flush_cost(view))


def gradual_bound(view: View) -> Any:
    """As `error_bound`, with gradual underflow."""
    return bound(view, gradual(view))


def bound(view: View, underflow: float) -> Any:
    """What is allowed by component, with the cost of one underflow."""
    factor = compounded(inner(view.fmt, 2 * view.n), scaling(view.fmt))
    return view.parts.sum_of_magnitudes(view.columns) * view.arithmetic.constant(factor) + _underflow(view, underflow)


def two_products(view: View) -> Any:
    """The grade of A x + A^T x, and of all that is as good."""
    factor = compounded(inner(view.fmt, view.n), view.fmt.unit_roundoff)
    return view.parts.sum_of_magnitudes(view.columns) * view.arithmetic.constant(factor) + _underflow(
        view, gradual(view)
    )


def symmetrised(view: View) -> Any:
    """The grade of (A + A^T) x (float64): exactly zero for a skew matrix."""
    A, x = view.observation.arguments["A"], np.abs(view.observation.arguments["x"].astype(np.float64))
    B = np.swapaxes(A, 1, 2)
    slabs = (slice(i, i + SLAB) for i in range(0, view.n, SLAB))  # a few rows at a time: A may have 4096
    sums = (np.abs(A[:, rows].astype(np.float64) + B[:, rows].astype(np.float64)) for rows in slabs)
    size = np.concatenate([np.einsum("rij,rj->ri", each, x) for each in sums], axis=1)
    factor = compounded(inner(view.fmt, view.n), view.fmt.unit_roundoff)
    return size * factor + np.where(size > 0, (view.n + 1) * view.fmt.eta, 0.0)


def _underflow(view: View, cost: float) -> Any:
    x = view.arithmetic.lift(np.abs(view.observation.arguments["x"]))
    two = view.arithmetic.constant(2.0)
    terms = view.arithmetic.total(x) * two + view.arithmetic.constant(2.0 * view.n + 2.0)
    return terms * view.arithmetic.constant(cost)


def overflow(view: View) -> Array:
    """Rows in which a product, a sum, A + A^T or a doubled argument may leave the range, shape (rows, 1)."""
    A, x = (view.observation.arguments[name] for name in ("A", "x"))
    with np.errstate(all="ignore"):
        entries = 2 * np.maximum(largest(A), largest(x))
        most = np.maximum(entries, view.narrow(view.parts.sum_of_magnitudes()).max(axis=1))
        return np.asarray(~(most < view.fmt.max / EXCUSED))[:, None]


def skew(view: View) -> Measured:
    """The size of each entry; the error bound of the role is allowed."""
    return view.error(abs(view.out)), view.error_bound


def of_skew(_draw: Draw, arguments: Arguments) -> Case:
    """The arguments, with the upper triangle of A taken for a skew matrix."""
    upper = np.triu(arguments["A"], 1)
    return Case({**arguments, "A": upper - np.swapaxes(upper, 1, 2)})


def systems_of(draw: Draw, regime: Regime) -> Arguments:
    """Square matrices `A` and vectors `x`."""
    A, x, _ = regime.rows(draw)
    return {"A": draw.fmt.round(A), "x": draw.fmt.round(np.broadcast_to(x, (draw.rows, draw.n)))}


FORMS = {"symmetrised": symmetrised, "two products": two_products, "one sum of all terms": None}

ROLE = Role(
    name="quadratic_form_gradient",
    call="f(A, x) -> (n,)",
    value="(A + A^T) x, the gradient of <x, A x>",
    truth=truth,
    error_bound=error_bound,
    gradual_bound=gradual_bound,
    may_overflow=overflow,
    signature=Signature(inputs={"A": 2, "x": 1}, answer=like("x"), batched=False),
    arguments=systems_of,
    regimes=matrices.ALL + matrices.SQUARE,
    heights=matrices.as_many,
    rows=24,
    longest=64,
    certifier=RATIONALS,
    contested=quadratics.CONTESTED,
    properties=(
        quadratics.FINITE,
        quadratics.accuracy(
            code="EX912",
            bound="""
                Allowed: ((1 + g(2 n))(1 + 4 u) - 1) sum_j (abs(A_ij) + abs(A_ji)) abs(x_j) and what underflow adds
                (`properties.roles.quadratics.quadratic_form_gradient` derives it). The grade tells a product with A +
                A^T from two products.
            """,
            example="2 A x for A = [[0, 1], [0, 0]] and x = [1, 1] is [2, 0]; the gradient is [1, 1].",
            fix="(A + A.T) @ x. 2 A x is right for a symmetric A alone, and so are 2 A^T x and one triangle.",
            source=__name__,
            grades=FORMS,
        ),
        quadratics.IDENTITY,
        quadratics.linear("A")(
            code="EX913",
            statement="The gradient is linear in A.",
            bound="""
                f(A + C, x) is compared with f(A, x) + f(C, x), for matrices whose sum is exact in the dtype. The exact
                values are equal; allowed are the three error bounds of `accuracy`, and the rounding of the sum of two
                answers.
            """,
            example="with a ridge A + 1e-3 I, as it is put in lest a solver fails, two sums have the ridge twice.",
            fix="""
                A stands once in each of the two terms A x and A^T x; nothing is added to it, and it is not normalised.
            """,
            source=__name__,
            script=("got = float(f(A + A2, x){at})", "expected = float(f(A, x){at}) + float(f(A2, x){at})"),
        ),
        quadratics.LINEAR_IN_X,
        quadratics.HESSIAN_SYMMETRIC,
        Property(
            name="skew",
            code="EX916",
            statement="A skew matrix has the gradient zero.",
            bound="""
                A + A^T = 0, so that (A + A^T) x is exactly zero, and A x and A^T x are opposite: added they leave at
                most the error bound of `accuracy`. The grade tells which it is: a symmetrised form is exactly zero.
            """,
            example="A x for A = [[0, 1], [-1, 0]] and x = [1, 0] is [0, -1].",
            fix="(A + A.T) @ x, which cancels before anything is rounded.",
            measure=skew,
            script=("got, expected = float(f({args}){at}), 0.0",),
            unit="u sum",
            scale=quadratics.in_ulps_of_reach,
            arrange=of_skew,
            rows=8,
            lengths="few",
            grades=FORMS,
        ),
        quadratics.GRADUAL_UNDERFLOW,
        *contract.BY_ROW,
    ),
)
