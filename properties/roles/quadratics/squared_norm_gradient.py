"""The role squared_norm_gradient: f(x) = norm(B x)^2 has the gradient 2 B^T B x. Its bound is that of `squares`."""

from __future__ import annotations

from extremum.properties.inputs import matrices as systems
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, View
from extremum.properties.roles.quadratics import shared as quadratics
from extremum.properties.roles.quadratics import squares
from extremum.properties.values.signature import Arguments, Signature, like
from extremum.reference.arithmetic.wide import RATIONALS
from extremum.reference.truth.quadratics import squared_norm_gradient as truth


def accuracy(view: View) -> Measured:
    """Every entry is as close to the exact value as a sound algorithm comes.

    Allowed: ((1 + g(m))(1 + g(n + 1))(1 + 4 u) - 1) 2 abs(B^T) abs(B) abs(x) and what underflow adds
    (`properties.roles.quadratics.squares` derives it). The grade tells the product with B x from the Gram matrix.

    Example: B B x, as where the transpose is forgotten, gives 0 for B = [[0, 1], [0, 0]] and x = [0, 1]; it is [0, 2].

    Fix: 2 * (B.T @ (B @ x)).
    """
    return view.error(abs(view.out - view.exact)), view.allowance


def systems_of(draw: Draw, regime: Regime) -> Arguments:
    """Matrices `B` and vectors `x`."""
    made = squares.systems_of(draw, regime)
    return {name: made[name] for name in "Bx"}


ROLE = Role(
    name="squared_norm_gradient",
    call="f(B, x) -> (n,)",
    value="2 B^T B x, the gradient of norm(B x)^2",
    truth=truth,
    allowance=squares.allowance,
    strict=squares.strict,
    overflow=squares.overflow,
    signature=Signature(inputs={"B": 2, "x": 1}, answer=like("x"), batched=False),
    arguments=systems_of,
    regimes=systems.ALL,
    heights=systems.heights,
    rows=24,
    longest=33,
    certifier=RATIONALS,
    contested=quadratics.CONTESTED,
    properties=(
        quadratics.FINITE,
        Property(
            "accuracy",
            "EX922",
            accuracy,
            unit="u sum",
            scale=quadratics.in_ulps_of_reach,
            lengths="matrix",
            longest=4096,
            grades=squares.FORMS,
        ),
        quadratics.IDENTITY,
        quadratics.LINEAR_IN_X,
        quadratics.HESSIAN_SYMMETRIC,
        quadratics.GRADUAL_UNDERFLOW,
        *contract.BY_ROW,
    ),
)
