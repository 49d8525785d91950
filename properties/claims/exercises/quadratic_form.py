r"""Exercise 3.1 b: the gradient of $\langle x, A x \rangle$ is $A x + A^T x$."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.claims.algebra import along, column, gradient, inner_gradient, row
from extremum.properties.claims.checks import audited, equation, formulas, holds_exactly, identity, plus, same, to_bound
from extremum.properties.claims.claim import Claim
from extremum.reference.arithmetic.formats import Array

FORM = {"A": "nn", "x": "n"}
TWO = {"w": "n", "x": "n"}


def value(A: Array, x: Array) -> Any:
    """x^T A x."""
    return x @ A @ x


def derivative(A: Array, x: Array) -> Array:
    """The exact gradient of x^T A x."""
    return gradient(lambda y: value(A, y), x)


def of_second(A: Array, x: Array) -> Array:
    """The exact gradient of bar(x)^T A x, bar(x) = x held constant."""
    return gradient(lambda y: x @ A @ y, x)


def of_first(A: Array, x: Array) -> Array:
    """The exact gradient of x^T A bar(x), bar(x) = x held constant."""
    return gradient(lambda y: y @ A @ x, x)


def of_constant(A: Array, x: Array) -> Array:
    """The exact derivatives of the entries of the row bar(x)^T A, bar(x) = x held constant: a matrix."""
    entries = range(len(x))
    matrix = [[along(lambda y, k=k: (x @ A)[k] + 0 * y[0], x, i) for k in entries] for i in entries]
    return np.array(matrix, object)


def sum_of_rows(A: Array, x: Array) -> Array:
    """(A x)^T + x^T A."""
    return row(A @ x) + row(x) @ A


def sum_of_products(A: Array, x: Array) -> Array:
    """A x + A^T x."""
    return A @ x + A.T @ x


PRODUCT_RULE = (
    r"Each $x$ is held constant in turn, and both terms keep their $x$: "
    r"$\partial (x^T A x) / \partial x = \partial (x^T A \bar x) / \partial x + \partial (\bar x^T A x) / \partial x$."
)
BOTH = (
    equation(
        "the two derivatives, each with one $x$ held constant, add up to the derivative",
        FORM,
        derivative,
        lambda A, x: of_first(A, x) + of_second(A, x),
    ),
    to_bound(FORM, lambda A, x: A @ x + x @ A),
)

PART = (
    Claim(
        id="3.1b.1",
        statement=r"$\langle x, A x \rangle$ is $x^T A x$.",
        printed=r"f(x) = \langle x, Ax \rangle = x^T A x",
        verdict="confirmed",
        checks=identity("both are equal", FORM, lambda A, x: x @ (A @ x), lambda A, x: row(x) @ A @ column(x)),
    ),
    Claim(
        id="3.1b.2",
        statement=r"The derivative of $x^T A x$ is that of $x^T A \bar x$, where $\bar x$ is $x$ held constant.",
        printed=r"\frac{\partial x^T A x}{\partial x} = \frac{\partial x^T A \bar{x}}{\partial x}",
        verdict="refuted",
        checks=(equation("the two derivatives are equal", FORM, derivative, of_first),),
        correction=PRODUCT_RULE,
        corrected=BOTH,
    ),
    Claim(
        id="3.1b.3",
        statement=r"The derivative of $x^T A \bar x$ is that of $\bar x^T A$, in which no $x$ is left.",
        printed=r"\frac{\partial x^T A \bar{x}}{\partial x} = \frac{\partial \bar{x}^T A}{\partial x}",
        verdict="refuted",
        checks=(
            equation(
                r"the derivative of $x^T A \bar x$ is that of the constant $\bar x^T A$, which is 0",
                FORM,
                lambda A, x: column(of_first(A, x)),
                of_constant,
            ),
        ),
        correction=PRODUCT_RULE,
        corrected=BOTH,
    ),
    Claim(
        id="3.1b.4",
        statement=r"With $\bar x$ held constant, the derivative of $x^T A x$ is the sum of those of $x^T A \bar x$ and $\bar x^T A x$.",
        printed=r"\frac{\partial x^T A x}{\partial x} = \frac{\partial x^T A \bar{x}}{\partial x} + \frac{\partial \bar{x}^T A x}{\partial x}",
        verdict="confirmed",
        checks=BOTH,
    ),
    Claim(
        id="3.1b.5",
        statement=r"Part a) says that the derivative of $f(x) w^T x$ is $w^T$.",
        printed=r"\nabla_x f(x) w^T x = w^T",
        verdict="unclear",
        readings=(
            equation(
                r"read as the row of partial derivatives of $w^T x$: it is $w^T$",
                TWO,
                lambda w, x: row(inner_gradient(w, x)),
                lambda w, x: row(w),
            ),
            equation(
                r"read as the gradient of part a), a column: it is the row $w^T$",
                TWO,
                lambda w, x: column(inner_gradient(w, x)),
                lambda w, x: row(w),
            ),
            equation(
                r"read with the factor $f(x) = w^T x$ that stands there: the row of derivatives of $f(x) w^T x$ is $w^T$",
                TWO,
                lambda w, x: row(gradient(lambda y: (w @ y) * (w @ y), x)),
                lambda w, x: row(w),
            ),
        ),
        correction=r"The derivative of $w^T x$ is the row $w^T$; its gradient, the transpose, is $w$.",
        corrected=(
            equation(
                "the row of derivatives is $w^T$", TWO, lambda w, x: row(inner_gradient(w, x)), lambda w, x: column(w).T
            ),
        ),
    ),
    Claim(
        id="3.1b.6",
        statement=r"With $u_1 = A \bar x$ and $u_2^T = \bar x^T A$, the two derivatives are $u_1^T$ and $u_2^T$, which add up.",
        printed=r"\frac{\partial x^T u_1}{\partial x} + \frac{\partial u_2^T x}{\partial x} = u_1^T + u_2^T",
        verdict="confirmed",
        checks=formulas(
            FORM,
            (
                "the rows of derivatives add up to the row $u_1^T + u_2^T$",
                lambda A, x: row(of_first(A, x)) + row(of_second(A, x)),
                sum_of_rows,
            ),
        ),
    ),
    Claim(
        id="3.1b.7",
        statement=r"$u_1^T + u_2^T$ is $(A x)^T + (x^T A)^T$.",
        printed=r"u_1^T + u_2^T = (Ax)^T + (x^T A)^T",
        verdict="refuted",
        checks=(
            equation(
                "the row on the left is what stands on the right, where a column is added to a row",
                FORM,
                sum_of_rows,
                lambda A, x: plus((A @ column(x)).T, (row(x) @ A).T),
            ),
        ),
        correction=r"$u_2^T$ is $x^T A$ already, and is not transposed again: $u_1^T + u_2^T = (A x)^T + x^T A$.",
        corrected=formulas(FORM, ("both are the same row", sum_of_rows, lambda A, x: (A @ column(x)).T + row(x) @ A)),
    ),
    Claim(
        id="3.1b.8",
        statement=r"Term by term, $(A x)^T = x^T A^T$ and $(x^T A)^T = A^T x$.",
        printed=r"(Ax)^T + (x^T A)^T = x^T A^T + A^T x",
        verdict="confirmed",
        checks=formulas(
            FORM,
            ("$(A x)^T = x^T A^T$", lambda A, x: (A @ column(x)).T, lambda A, x: row(x) @ A.T),
            ("$(x^T A)^T = A^T x$", lambda A, x: (row(x) @ A).T, lambda A, x: A.T @ column(x)),
        ),
    ),
    Claim(
        id="3.1b.9",
        statement=r"So the derivative of $x^T A x$ is $x^T A^T + A^T x$.",
        printed=r"\frac{\partial x^T A x}{\partial x} = x^T A^T + A^T x",
        verdict="refuted",
        checks=(
            equation(
                "the gradient is a row added to a column",
                FORM,
                lambda A, x: column(derivative(A, x)),
                lambda A, x: plus(row(x) @ A.T, A.T @ column(x)),
            ),
            audited(
                "run as printed, the row and the column have the shape of a gradient",
                "quadratic_form_gradient",
                ["shape"],
                ["row_added_to_column"],
            ),
        ),
        correction=r"Both terms are columns: $A x + A^T x$; as rows they are $x^T A^T + x^T A$.",
        corrected=formulas(
            FORM,
            (
                "the gradient is the sum of the columns",
                lambda A, x: column(derivative(A, x)),
                lambda A, x: A @ column(x) + A.T @ column(x),
            ),
        ),
    ),
    Claim(
        id="3.1b.10",
        statement=r"$A$ is a symmetric matrix.",
        verdict="refuted",
        checks=(
            equation(
                r"every $A$ in $\mathbb{R}^{n \times n}$ is its own transpose", {"A": "nn"}, lambda A: A, lambda A: A.T
            ),
        ),
        correction=r"$A$ is any square matrix, and the rule holds for all of them. Where $A$ is symmetric, the gradient is $2 A x$, and there alone for all $x$.",
        corrected=(
            equation("the gradient is $A x + A^T x$ for every $A$", FORM, derivative, sum_of_products),
            equation(
                "for the symmetric $S = A + A^T$ it is $2 S x$",
                FORM,
                lambda A, x: derivative(A + A.T, x),
                lambda A, x: 2 * ((A + A.T) @ x),
            ),
            holds_exactly(
                "it is $2 A x$ for all unit vectors $x$ just where $A$ is symmetric",
                {"A": "nn"},
                lambda A: (
                    all(same(A @ e + A.T @ e, 2 * (A @ e)) for e in np.eye(len(A), dtype=int).astype(object))
                    == same(A, A.T)
                ),
            ),
        ),
    ),
    Claim(
        id="3.1b.11",
        statement=r"Hence $x^T A x = A x + A^T x$.",
        printed=r"x^T A x = A x + A^T x",
        verdict="refuted",
        checks=(equation("the number on the left is the vector on the right", FORM, value, sum_of_products),),
        correction=r"It is the gradient that equals the vector: $\nabla_x (x^T A x) = A x + A^T x$.",
        corrected=formulas(FORM, ("the gradient is the vector", derivative, sum_of_products)),
    ),
    Claim(
        id="3.1b.12",
        statement=r"The gradient of $f(x) = \langle x, A x \rangle$ is $A x + A^T x$.",
        printed=r"\nabla_x f(x) = Ax + A^T x",
        verdict="confirmed",
        checks=(
            equation("the exact gradient is $A x + A^T x$", FORM, derivative, sum_of_products),
            audited(
                r"the references keep to $(n + 1) u (1 + n u) (\vert A \vert + \vert A^T \vert) \vert x \vert$ in each entry, and pass the identity of difference quotients",
                "quadratic_form_gradient",
                ["accuracy", "identity", "finite", "skew"],
            ),
        ),
    ),
)
