r"""Exercises 3.1 c and d: the gradients of $\lVert B x \rVert^2$ and $\lVert B x - c \rVert^2$."""

from __future__ import annotations

from typing import Any

from extremum.properties.claims.algebra import column, gradient, row
from extremum.properties.claims.checks import audited, equation, formulas, identity, plus, to_bound
from extremum.properties.claims.claim import Check, Claim
from extremum.reference.arithmetic.formats import Array

NORM = {"B": "mn", "x": "n"}
RESIDUAL = {"B": "mn", "x": "n", "c": "m"}


def squared(v: Array) -> Any:
    """The sum of the squares."""
    return (v * v).sum()


def residual(B: Array, x: Array, c: Array) -> Array:
    """B x - c."""
    return B @ x - c


def squared_residual(B: Array, x: Array, c: Array) -> Any:
    """The squared norm of B x - c."""
    return squared(residual(B, x, c))


def of_norm(B: Array, x: Array) -> Array:
    """The exact gradient of the squared norm of B x."""
    return gradient(lambda y: squared(B @ y), x)


def of_residual(B: Array, x: Array, c: Array) -> Array:
    """The exact gradient of the squared norm of B x - c."""
    return gradient(lambda y: squared(B @ y - c), x)


def expanded(B: Array, x: Array, c: Array) -> Any:
    """The four products of (B x - c)^T (B x - c)."""
    X, C = column(x), column(c)
    return row(x) @ B.T @ B @ X - C.T @ B @ X - X.T @ B.T @ C + C.T @ C


def printed(B: Array, x: Array, c: Array) -> Any:
    """The expansion as it is printed: the first product lacks its last factor, x."""
    X, C = column(x), column(c)
    return row(x) @ B.T @ B - C.T @ B @ X - X.T @ B.T @ C + C.T @ C


def keep_the_bound(role: str) -> Check:
    """The references' accuracy, which both roles of this exercise are asked for."""
    return audited(
        "the references keep to the bound of the product, by component, and pass the identity of difference quotients",
        role,
        ["accuracy", "identity", "finite"],
    )


SQUARED_NORM = (
    Claim(
        id="3.1c.1",
        statement=r"$\lVert B x \rVert^2 = (B x)^T B x$.",
        printed=r"\lVert Bx \rVert_2^2 = (Bx)^T Bx",
        verdict="confirmed",
        checks=identity(
            "both are equal", NORM, lambda B, x: squared(B @ x), lambda B, x: (B @ column(x)).T @ (B @ column(x))
        ),
    ),
    Claim(
        id="3.1c.2",
        statement=r"$(B x)^T B x = x^T B^T B x$.",
        printed=r"(Bx)^T Bx = x^T B^T B x",
        verdict="confirmed",
        checks=(
            equation("both are equal", NORM, lambda B, x: squared(B @ x), lambda B, x: x @ B.T @ B @ x),
            to_bound(NORM, lambda B, x: x @ B.T @ B @ x, lambda B, x: x @ (B.T @ B) @ x),
        ),
    ),
    Claim(
        id="3.1c.3",
        statement=r"The gradient of $f(x) = \lVert B x \rVert^2$ is $2 B^T B x$.",
        printed=r"\nabla_x f(x) = 2 B^T B x",
        verdict="confirmed",
        checks=(
            equation("the exact gradient is $2 B^T B x$", NORM, of_norm, lambda B, x: 2 * (B.T @ (B @ x))),
            keep_the_bound("squared_norm_gradient"),
        ),
    ),
)

LEAST_SQUARES = (
    Claim(
        id="3.1d.1",
        statement=r"$B x - c$ is defined, for a $c$ of which no space is given.",
        printed=r"f(x) = \lVert Bx - c \rVert_2^2",
        verdict="unclear",
        readings=(
            equation(
                r"read as a vector of $\mathbb{R}^m$, as $B x$ is, it is the sum of $B x$ and $-c$",
                RESIDUAL,
                residual,
                lambda B, x, c: plus(B @ x, -c),
            ),
            equation(
                r"read as a vector of $\mathbb{R}^n$, as all others of the exercise are, it is that sum",
                {"B": "mn", "x": "n", "c": "n"},
                lambda B, x, c: plus(B @ x, -c),
                lambda B, x, c: plus(-c, B @ x),
            ),
        ),
        correction=r"$c \in \mathbb{R}^m$.",
        corrected=(
            audited(
                r"references take such a $c$, and return a vector of $\mathbb{R}^n$",
                "least_squares_gradient",
                ["shape"],
            ),
        ),
    ),
    Claim(
        id="3.1d.2",
        statement=r"$\lVert B x - c \rVert^2 = (B x - c)^T (B x - c)$.",
        printed=r"\lVert Bx - c \rVert_2^2 = (Bx - c)^T (Bx - c)",
        verdict="confirmed",
        checks=formulas(
            RESIDUAL,
            (
                "both are equal",
                lambda B, x, c: column(residual(B, x, c)).T @ column(residual(B, x, c)),
                squared_residual,
            ),
        ),
    ),
    Claim(
        id="3.1d.3",
        statement=r"Multiplied out, that is $x^T B^T B - c^T B x - x^T B^T c + c^T c$.",
        printed=r"(Bx - c)^T (Bx - c) = x^T B^T B - c^T B x - x^T B^T c + c^T c",
        verdict="refuted",
        checks=(equation("both sides are equal", RESIDUAL, squared_residual, printed),),
        correction=r"The first product ends with $x$: $x^T B^T B x - c^T B x - x^T B^T c + c^T c$.",
        corrected=formulas(RESIDUAL, ("both sides are equal", squared_residual, expanded)),
    ),
    Claim(
        id="3.1d.4",
        statement=r"The gradient is $2 B^T B x - 2 B^T c$.",
        printed=r"\nabla_x f(x) = 2 B^T B x - 2 B^T c",
        verdict="confirmed",
        checks=formulas(
            RESIDUAL,
            (
                "the exact gradient is $2 B^T B x - 2 B^T c$",
                of_residual,
                lambda B, x, c: 2 * (B.T @ B @ x) - 2 * (B.T @ c),
            ),
        ),
    ),
    Claim(
        id="3.1d.5",
        statement=r"$2 B^T B x - 2 B^T c = 2 B^T (B x - c)$.",
        printed=r"2 B^T B x - 2 B^T c = 2 B^T (Bx - c)",
        verdict="confirmed",
        checks=identity(
            "both sides are equal",
            RESIDUAL,
            lambda B, x, c: 2 * (B.T @ B @ x) - 2 * (B.T @ c),
            lambda B, x, c: 2 * (B.T @ residual(B, x, c)),
        ),
    ),
    Claim(
        id="3.1d.6",
        statement=r"The gradient of $f(x) = \lVert B x - c \rVert^2$ is $2 B^T (B x - c)$.",
        printed=r"\nabla_x f(x) = 2 B^T (Bx - c)",
        verdict="confirmed",
        checks=(
            equation(
                "the exact gradient is $2 B^T (B x - c)$",
                RESIDUAL,
                of_residual,
                lambda B, x, c: 2 * (B.T @ residual(B, x, c)),
            ),
            keep_the_bound("least_squares_gradient"),
        ),
    ),
)
