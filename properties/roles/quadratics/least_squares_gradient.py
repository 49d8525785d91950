"""The role least_squares_gradient: norm(B x - c)^2 has the gradient 2 B^T (B x - c). Its bound is in `squares`."""

from __future__ import annotations

from extremum.properties.inputs import matrices
from extremum.properties.roles.quadratics import shared as quadratics
from extremum.properties.roles.quadratics import squares

ROLE = squares.role(
    "least_squares_gradient",
    call="f(B, x, c) -> (n,)",
    value="2 B^T (B x - c), the gradient of norm(B x - c)^2",
    inputs={"B": 2, "x": 1, "c": 1},
    regimes=matrices.ALL + matrices.FITTED,
    accuracy=quadratics.accuracy(
        code="EX932",
        bound="""
            Allowed: ((1 + g(m))(1 + g(n + 1))(1 + 4 u) - 1) 2 abs(B^T) (abs(B) abs(x) + abs(c)) and what underflow adds
            (`properties.roles.quadratics.squares` derives it). The grade tells the residual first from the Gram matrix,
            which loses the digits of a small residual of many rows.
        """,
        example="with B x of shape (m, 1) and c of shape (m,) the residual is a matrix (m, m), and no error is raised.",
        fix="2 * (B.T @ (B @ x - c)), with the residual first.",
        source=__name__,
        grades=squares.FORMS,
    ),
    linear=quadratics.linear("x", "c")(
        code="EX933",
        statement="The gradient is linear in x and c together.",
        bound="""
            f(B, x + y, c + d) is compared with f(B, x, c) + f(B, y, d), for vectors whose sums are exact in the dtype.
            The exact values are equal; allowed are the three error bounds of `accuracy`, and the rounding of the sum of
            two answers.
        """,
        example="a residual that is clipped to [-1, 1], as by a robust loss, gives the same for x and for 2 x.",
        fix="2 * (B.T @ (B @ x - c)); a robust loss and a weight decay have gradients of their own.",
        source=__name__,
        script=(
            "got = float(f(B, x + x2, c + c2){at})",
            "expected = float(f(B, x, c){at}) + float(f(B, x2, c2){at})",
        ),
    ),
)
