"""The role squared_norm_gradient: f(x) = norm(B x)^2 has the gradient 2 B^T B x. Its bound is that of `squares`."""

from __future__ import annotations

from extremum.properties.inputs import matrices
from extremum.properties.roles.quadratics import shared as quadratics
from extremum.properties.roles.quadratics import squares

ROLE = squares.role(
    "squared_norm_gradient",
    call="f(B, x) -> (n,)",
    value="2 B^T B x, the gradient of norm(B x)^2",
    inputs={"B": 2, "x": 1},
    regimes=matrices.ALL,
    accuracy=quadratics.accuracy(
        code="EX922",
        bound="""
            Allowed: ((1 + g(m))(1 + g(n + 1))(1 + 4 u) - 1) 2 abs(B^T) abs(B) abs(x) and what underflow adds
            (`properties.roles.quadratics.squares` derives it). The grade tells the product with B x from the Gram
            matrix.
        """,
        example="""
            B B x, as where the transpose is forgotten, gives 0 for B = [[0, 1], [0, 0]] and x = [0, 1]; it is [0, 2].
        """,
        fix="2 * (B.T @ (B @ x)).",
        source=__name__,
        grades=squares.FORMS,
    ),
    linear=quadratics.LINEAR_IN_X,
)
