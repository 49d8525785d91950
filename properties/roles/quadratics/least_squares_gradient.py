"""The role least_squares_gradient: norm(B x - c)^2 has the gradient 2 B^T (B x - c). Its bound is in `squares`."""

from __future__ import annotations

from extremum.properties.inputs import matrices as systems
from extremum.properties.laws import contract
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, View
from extremum.properties.roles.quadratics import shared as quadratics
from extremum.properties.roles.quadratics import squares
from extremum.properties.values.signature import Signature, like
from extremum.reference.arithmetic.wide import RATIONALS
from extremum.reference.truth.quadratics import least_squares_gradient as truth


def accuracy(view: View) -> Measured:
    """Every entry is as close to the exact value as a sound algorithm comes.

    Allowed: ((1 + g(m))(1 + g(n + 1))(1 + 4 u) - 1) 2 abs(B^T) (abs(B) abs(x) + abs(c)) and what underflow adds
    (`properties.roles.quadratics.squares` derives it). The grade tells the residual first from the Gram matrix, which
    loses the digits of a small residual of many rows.

    Example: with B x of shape (m, 1) and c of shape (m,) the residual is a matrix (m, m), and no error is raised.

    Fix: 2 * (B.T @ (B @ x - c)), with the residual first.
    """
    return view.error(abs(view.out - view.exact)), view.allowance


def linear_in_x_and_c(view: View) -> Measured:
    """The gradient is linear in x and c together.

    f(B, x + y, c + d) is compared with f(B, x, c) + f(B, y, d), for vectors whose sums are exact in the dtype. The
    exact values are equal; allowed are the three allowances of `accuracy`, and the rounding of the sum of two answers.

    Example: a residual that is clipped to [-1, 1], as by a robust loss, gives the same for x and for 2 x.

    Fix: 2 * (B.T @ (B @ x - c)); a robust loss and a weight decay have gradients of their own.
    """
    return quadratics.of_sum(view, "x", "c")


ROLE = Role(
    name="least_squares_gradient",
    call="f(B, x, c) -> (n,)",
    value="2 B^T (B x - c), the gradient of norm(B x - c)^2",
    truth=truth,
    allowance=squares.allowance,
    strict=squares.strict,
    overflow=squares.overflow,
    signature=Signature(inputs={"B": 2, "x": 1, "c": 1}, answer=like("x"), batched=False),
    arguments=squares.systems_of,
    regimes=systems.ALL + systems.FITTED,
    heights=systems.heights,
    rows=24,
    longest=33,
    certifier=RATIONALS,
    contested=quadratics.CONTESTED,
    properties=(
        quadratics.FINITE,
        Property(
            "accuracy",
            "EX932",
            accuracy,
            unit="u sum",
            scale=quadratics.in_ulps_of_reach,
            lengths="matrix",
            longest=4096,
            grades=squares.FORMS,
        ),
        quadratics.IDENTITY,
        Property(
            "linear_in_x_and_c",
            "EX933",
            linear_in_x_and_c,
            unit="u sum",
            scale=quadratics.in_ulps_of_reach,
            arrange=lambda draw, arguments: quadratics.summands(draw, arguments, "x", "c"),
            observe=lambda call, case: quadratics.observe_sum(call, case, "x", "c"),
            rows=8,
            lengths="few",
            script=("print(f(B, x + x2, c + c2))", "print(f(B, x, c) + f(B, x2, c2))"),
        ),
        quadratics.HESSIAN_SYMMETRIC,
        quadratics.GRADUAL_UNDERFLOW,
        *contract.BY_ROW,
    ),
)
