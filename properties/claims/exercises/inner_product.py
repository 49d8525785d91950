r"""Exercise 3.1 a: the gradient of $\langle w, x \rangle$ is $w$."""

from __future__ import annotations

import numpy as np

from extremum.properties.claims.algebra import along, column, inner_gradient, row, summed
from extremum.properties.claims.checks import audited, equation, formulas, holds_exactly, identity
from extremum.properties.claims.claim import Claim

TWO = {"w": "n", "x": "n"}
FROM_ZERO = {"w_0": "number", "x_0": "number", **TWO}

PART = (
    Claim(
        id="3.1a.1",
        statement=r"$w$ and $x$ are columns of $n$ numbers, $w_1$ to $w_n$ and $x_1$ to $x_n$.",
        printed=r"w = \frac{w_2}{:}, \quad x = \frac{x_2}{:}",
        verdict="unclear",
        readings=(
            equation(
                "read as columns, the entries one below the other make up the vectors",
                TWO,
                lambda w, x: np.concatenate([w, x]),
                lambda w, x: np.array([*(w[i] for i in range(len(w))), *(x[i] for i in range(len(x)))], object),
            ),
            equation(
                "read as the fractions that stand there, numbers take the place of the vectors",
                {"w": "n"},
                lambda w: w,
                lambda w: w[1],
            ),
        ),
        correction="The entries stand one below the other, all $n$ of them, and there is no fraction.",
        corrected=(
            audited("a gradient that copies $w$ gives all $n$ back bit for bit", "inner_product_gradient", ["bitwise"]),
        ),
    ),
    Claim(
        id="3.1a.2",
        statement=r"The inner product is the sum of the products $x_i w_i$ over $i = 0, \dots, n$.",
        printed=r"\langle w, x \rangle = \sum_{i=0}^n x_i w_i",
        verdict="refuted",
        checks=(
            equation(
                r"the sum from $i = 0$ is $\langle w, x \rangle$, whatever $w_0$ and $x_0$ are",
                FROM_ZERO,
                lambda w_0, x_0, w, x: w @ x,
                lambda w_0, x_0, w, x: x_0 * w_0 + x @ w,
            ),
        ),
        correction=r"The sum starts at 1: $\langle w, x \rangle = \sum_{i=1}^n x_i w_i$.",
        corrected=identity(
            r"the sum from $i = 1$ is $\langle w, x \rangle$", TWO, lambda w, x: w @ x, lambda w, x: summed(x, w)
        ),
    ),
    Claim(
        id="3.1a.3",
        statement=r"Written out, the sum is $x_1 w_1 + \dots + x_n w_n$, which is $x^T w$.",
        printed=r"x_1 w_1 + x_2 w_2 + \dots + x_n w_n = x^T w",
        verdict="confirmed",
        checks=identity("both sides are equal", TWO, lambda w, x: summed(x, w), lambda w, x: row(x) @ column(w)),
    ),
    Claim(
        id="3.1a.4",
        statement=r"The inner product is also the sum of the products $w_i x_i$ over $i = 0, \dots, n$.",
        printed=r"\langle w, x \rangle = \sum_{i=0}^n w_i x_i",
        verdict="refuted",
        checks=(
            equation(
                r"the sum from $i = 0$ is $\langle w, x \rangle$, whatever $w_0$ and $x_0$ are",
                FROM_ZERO,
                lambda w_0, x_0, w, x: w @ x,
                lambda w_0, x_0, w, x: w_0 * x_0 + w @ x,
            ),
        ),
        correction=r"The sum starts at 1: $\langle w, x \rangle = \sum_{i=1}^n w_i x_i$.",
        corrected=formulas(TWO, (r"the sum from $i = 1$ is $\langle w, x \rangle$", lambda w, x: w @ x, summed)),
    ),
    Claim(
        id="3.1a.5",
        statement=r"Written out, that is $w_1 x_1 + \dots + w_n x_n = w^T x$, so that $w^T x = x^T w$.",
        printed=r"w_1 x_1 + w_2 x_2 + \dots + w_n x_n = w^T x",
        verdict="confirmed",
        checks=formulas(
            TWO,
            ("the sum is $w^T x$", lambda w, x: row(w) @ column(x), summed),
            ("$w^T x = x^T w$", lambda w, x: row(x) @ column(w), lambda w, x: row(w) @ column(x)),
        ),
    ),
    Claim(
        id="3.1a.6",
        statement=r"The derivative of $w^T x$ by the vector $x$ is the number $w_i$.",
        printed=r"\frac{\partial \sum_{i=1}^n w_i x_i}{\partial x} = w_i",
        verdict="refuted",
        checks=(
            equation(
                "the gradient is the one number $w_i$",
                {**TWO, "i": "index"},
                lambda w, x, i: inner_gradient(w, x),
                lambda w, x, i: w[i],
            ),
        ),
        correction=r"$w_i$ is the partial derivative by the entry $x_i$: $\partial (w^T x) / \partial x_i = w_i$.",
        corrected=(
            equation(
                "the partial derivative by $x_i$ is $w_i$",
                {**TWO, "i": "index"},
                lambda w, x, i: along(lambda y: w @ y, x, i),
                lambda w, x, i: w[i],
            ),
            audited("each entry is $w_i$ bit for bit", "inner_product_gradient", ["bitwise"]),
        ),
    ),
    Claim(
        id="3.1a.7",
        statement=r"Hence the derivative of $f$ by $x$ is the sum of the $w_i$.",
        printed=r"\frac{\partial f(x)}{\partial x} = w_1 + w_2 + \dots + w_n",
        verdict="refuted",
        checks=(
            equation("the gradient is the sum of the $w_i$", TWO, inner_gradient, lambda w, x: w.sum()),
            audited(
                "run as printed, the sum has the shape of a gradient",
                "inner_product_gradient",
                ["shape"],
                ["weights_summed"],
            ),
        ),
        correction=r"The partial derivatives are the entries of a vector, not the terms of a sum: $\nabla_x f(x) = (w_1, \dots, w_n)^T$.",
        corrected=(
            equation(
                "the gradient is the column of the $w_i$",
                TWO,
                lambda w, x: column(inner_gradient(w, x)),
                lambda w, x: column(w),
            ),
            audited("references that return the column", "inner_product_gradient", ["shape", "bitwise"]),
        ),
    ),
    Claim(
        id="3.1a.8",
        statement=r"$w^T = w$.",
        printed=r"w^T = w",
        verdict="refuted",
        checks=(equation("the row $w^T$ is the column $w$", {"w": "n"}, lambda w: column(w).T, lambda w: w[:, None]),),
        correction=r"The derivative is the row $w^T$, and the gradient is its transpose: $(w^T)^T = w$. Row and column are the same for $n = 1$ alone.",
        corrected=(
            equation("$(w^T)^T = w$", {"w": "n"}, lambda w: row(w).T, lambda w: w[:, None]),
            holds_exactly(
                "row and column are equal where $n = 1$, and there alone",
                {"w": "n"},
                lambda w: (column(w).T.shape == column(w).shape) == (len(w) == 1),
            ),
        ),
    ),
    Claim(
        id="3.1a.9",
        statement=r"The gradient of $f(x) = \langle w, x \rangle$ is $w$.",
        printed=r"\nabla_x f(x) = w",
        verdict="confirmed",
        checks=(
            equation("the exact gradient is $w$", TWO, inner_gradient, lambda w, x: w),
            audited(
                "the references give it bit for bit, and pass the identity of difference quotients",
                "inner_product_gradient",
                ["bitwise", "identity", "linear_in_w"],
            ),
        ),
    ),
)
