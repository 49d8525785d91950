"""The role inner_product_gradient: f(x) = <w, x> has the gradient w, bit for bit.

Nothing has to be computed, so nothing is allowed, in any format.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.inputs import matrices
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, View
from extremum.properties.roles.quadratics import shared as quadratics
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.wide import RATIONALS
from extremum.reference.truth.quadratics import inner_product_gradient as truth


def error_bound(view: View) -> Any:
    """Nothing: the gradient is an argument."""
    return view.arithmetic.lift(np.zeros_like(view.observation.arguments["w"][:, view.columns]))


def bitwise(view: View) -> Measured:
    """1 for each entry that is not w, its sign included; none is allowed."""
    out, w = view.answer.astype(np.float64), view.observation.arguments["w"].astype(np.float64)
    return np.where((out == w) & (np.signbit(out) == np.signbit(w)), 0.0, 1.0), 0.0


def difference(view: View) -> Measured:
    """The distance of the two answers; the error bound of the role, which is 0, is allowed."""
    return view.error(abs(view.out - view.other)), view.error_bound


def vectors(draw: Draw, regime: Regime) -> Arguments:
    """Vectors `w` and `x`: the first row of the matrix of a system, and its vector."""
    B, x, _ = regime.rows(draw)
    return {"w": draw.fmt.round(B[:, 0]), "x": draw.fmt.round(np.broadcast_to(x, (draw.rows, draw.n)))}


ROLE = Role(
    name="inner_product_gradient",
    call="f(w, x) -> (n,)",
    value="w, the gradient of <w, x>",
    truth=truth,
    error_bound=error_bound,
    signature=Signature(inputs={"w": 1, "x": 1}, batched=False),
    arguments=vectors,
    regimes=matrices.ALL,
    rows=24,
    longest=4096,
    certifier=RATIONALS,
    edged=False,
    contested=quadratics.CONTESTED,
    properties=(
        Property(
            name="bitwise",
            code="EX901",
            statement="The gradient is w, bit for bit.",
            bound="""
                d<w, x>/dx_i = w_i, whatever x is: there is nothing to round. Signed zeros and subnormal numbers are
                kept. The dtype of the answer is judged by `dtype`; here its values and signs count.
            """,
            example="(f(x + h) - f(x)) / h with h = 1e-6 in float32 gives 1.013279 for a w of 1.",
            fix="""
                return a copy of w. The usual causes: a difference quotient; the gradient by w, which is x; a sum over
                i.
            """,
            measure=bitwise,
            unit="entries",
            exact=True,
            lengths="matrix",
        ),
        quadratics.IDENTITY,
        quadratics.linear("w")(
            code="EX903",
            statement="The gradient is linear in w.",
            bound="""
                f(w + v, x) is compared with f(w, x) + f(v, x), for w and v whose sum is exact in the dtype: both sides
                are the argument w + v, and nothing is allowed.
            """,
            example="w clipped to [-1, 1] gives 1 for w = 2, and 2 for the sum of two answers to w = 1.",
            fix="return w as it is; clipping and normalising are the caller's.",
            measure=difference,
            unit="ulp",
            scale=ulp,
            script=("print(f(w + w2, x))", "print(f(w, x) + f(w2, x))"),
        ),
        *contract.BY_ROW,
    ),
)
