"""The role inner_product_gradient: f(x) = <w, x> has the gradient w.

Nothing has to be computed, and the best form gives w back bit for bit. One that scales by a number that is no power of
two and back, as a complex step with h = 1e-20 does, or a mean over m terms, rounds. With u the unit roundoff, tiny the
smallest normal and eta the smallest subnormal:

| source | error |
|---|---|
| four roundings of factors that scale, as in `quadratic_bounds` beside this | 4 u abs(w), and eta / 2 each |
| a flush to zero, where abs(w) < tiny: judged by `gradual_underflow` | abs(w) |
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
from extremum.properties.roles.quadratics.quadratic_bounds import SCALINGS, scaling
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.wide import RATIONALS, where
from extremum.reference.truth.quadratics import inner_product_gradient as truth


def error_bound(view: View) -> Any:
    """The absolute error of a sound gradient by component, a flush to zero included."""
    w = view.parts.sum_of_magnitudes(view.columns)
    return gradual_bound(view) + where(view.narrow(w) >= view.fmt.tiny, 0, w)


def gradual_bound(view: View) -> Any:
    """As `error_bound`, without a flush."""
    w, arithmetic = view.parts.sum_of_magnitudes(view.columns), view.arithmetic
    return w * arithmetic.constant(scaling(view.fmt)) + arithmetic.constant(SCALINGS / 2 * view.fmt.eta)


def bitwise(view: View) -> Measured:
    """The distance of each entry from w, eta of a zero from one of the other sign; the error bound is allowed."""
    w = view.observation.arguments["w"][:, view.columns]
    signs = (w == 0) & (np.signbit(view.answer[:, view.columns]) != np.signbit(w))
    return where(signs & (view.answer[:, view.columns] == 0), view.fmt.eta, view.error(abs(view.out - view.exact))), (
        view.error_bound
    )


def nothing(_view: View) -> Any:
    """The grade of those that give w itself."""
    return np.zeros((1, 1))


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
    gradual_bound=gradual_bound,
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
            statement="The gradient is w, bit for bit or but for what scaling rounds.",
            bound="""
                d<w, x>/dx_i = w_i, whatever x is: there is nothing to round. Allowed are four roundings of factors that
                scale and are taken out again, 4 u abs(w) and two smallest subnormals. The grade tells who gives w back
                bit for bit, its signed zeros too. Subnormal entries made zero are judged by `gradual_underflow`, the
                dtype of the answer by `dtype`.
            """,
            example="(f(x + h) - f(x)) / h with h = 1e-6 in float32 gives 1.013279 for a w of 1.",
            fix="""
                return a copy of w. The usual causes: a difference quotient; the gradient by w, which is x; a sum over
                i.
            """,
            measure=bitwise,
            unit="ulp",
            scale=ulp,
            lengths="matrix",
            grades={"bit for bit": nothing, "but for scaling": None},
        ),
        quadratics.IDENTITY,
        quadratics.linear("w")(
            code="EX903",
            statement="The gradient is linear in w.",
            bound="""
                f(w + v, x) is compared with f(w, x) + f(v, x), for w and v whose sum is exact in the dtype. The exact
                values are equal; allowed are the three error bounds of `bitwise`, and the rounding of the sum of two
                answers. The grade is that of `identity`.
            """,
            example="w clipped to [-1, 1] gives 1 for w = 2, and 2 for the sum of two answers to w = 1.",
            fix="return w as it is; clipping and normalising are the caller's.",
            source=__name__,
            script=("got = float(f(w + w2, x){at})", "expected = float(f(w, x){at}) + float(f(w2, x){at})"),
        ),
        quadratics.GRADUAL_UNDERFLOW,
        *contract.BY_ROW,
    ),
)
