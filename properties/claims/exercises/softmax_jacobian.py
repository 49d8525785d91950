"""Exercise 3.2 d: the Jacobian of softmax, by the quotient rule."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np

from extremum.properties.claims import softmax_checks as shared
from extremum.properties.claims.checks import audited, equation, holds_exactly, holds_for_floats, to_bound
from extremum.properties.claims.claim import Check, Claim
from extremum.properties.claims.exponents import ENTRY, PAIR, ROW, e, jacobian, partial, softmax, total
from extremum.properties.claims.quotients import (
    by_rule,
    composed,
    diagonal,
    entry,
    finite_entry,
    in_probabilities,
    quotient_slope,
    ruled,
    squared_total,
)
from extremum.reference.arithmetic.exponentials import Exponential
from extremum.reference.arithmetic.formats import Array

POLYNOMIALS = {"f": "n", "g": "m", "x": "number"}
NUMBERS = dict.fromkeys(("a", "b", "c", "d", "x"), "number")

AS_PRINTED = audited(
    "run as printed, the quotient rule gives finite numbers wherever the Jacobian is finite",
    "softmax_jacobian",
    ["finite"],
    ["quotient_rule"],
)
FIRST_ENTRY_AS_PRINTED = audited(
    "run as printed with $j = 1$, the rows sum to 0",
    "softmax_jacobian",
    ["rows_sum_to_zero"],
    ["first_entry_without_sum"],
)
IN_PROBABILITIES = (
    r"In floating point, the probabilities of the shifted form are multiplied: $s_i (\delta_{ij} - s_j)$."
)
SOUND = audited("sound references keep the bound in each entry", "softmax_jacobian", ["finite", "accuracy"])

IN_EXACT = equation(r"$s_i (\delta_{ij} - s_j)$ is the Jacobian", ROW, jacobian, in_probabilities)
ON_DIAGONAL = (
    r"In floating point, $s_i \sum_{k \neq i} s_k$ of the shifted form, in which no probabilities are subtracted."
)
BY_COMPLEMENTS = (
    equation(
        r"the entries on the diagonal are $s_i \sum_{k \neq i} s_k$",
        ENTRY,
        lambda x, i: entry(x, i, i),
        lambda x, i: softmax(x)[i] * sum((s for k, s in enumerate(softmax(x)) if k != i), Exponential(0)),
    ),
    audited(
        "the reference that computes them so keeps the bound in each entry",
        "softmax_jacobian",
        ["finite", "accuracy"],
        ["complement_jacobian"],
    ),
)


def slope_of_one(x: Array, i: int, j: int) -> Any:
    """The partial derivative of exp(x_i) by x_j."""
    return partial(lambda v: np.exp(v[i]), x, j)


def slope_of_the_sum(says: str) -> Check:
    """The partial derivative of the sum of the exponentials by x_i is exp(x_i)."""
    return equation(says, ENTRY, lambda x, i: partial(lambda v: np.exp(v).sum(), x, i), lambda x, i: e(x)[i])


PART = (
    Claim(
        id="3.2d.1",
        statement=r"The derivative of $y = f / g$ is $(f' g - g' f) / g^2$.",
        printed=r"y = \frac{f(x)}{g(x)} \Longrightarrow \frac{dy}{dx} = \frac{f'g - g'f}{g^2}",
        verdict="confirmed",
        checks=(
            holds_exactly(
                r"of polynomials, it is the limit of the quotients of differences, wherever $g \neq 0$",
                POLYNOMIALS,
                lambda f, g, x: flint.fmpq_poly(list(g))(x) == 0 or quotient_slope(f, g, x) == by_rule(f, g, x),
            ),
            to_bound(NUMBERS, ruled),
        ),
    ),
    Claim(
        id="3.2d.2",
        statement=r"With $f(x) = \exp(x_i)$ and $g(x) = \sum \exp(x_j)$, a sum without limits, $f / g$ is entry $i$ of softmax.",
        printed=r"f(x) = \exp(x_i), \quad g(x) = \sum \exp(x_j)",
        verdict="exact only",
        checks=(
            shared.is_softmax(
                "with the sum over all $j$ the quotients sum to 1 and are to each other as the exponentials: it is softmax"
            ),
            shared.FINITE_AS_PRINTED,
        ),
        correction=shared.MAXIMUM_FIRST,
        corrected=(shared.FINITE_IF_SOUND,),
    ),
    Claim(
        id="3.2d.3",
        statement=r"The derivative of $g(x) = \sum_j \exp(x_j)$ is $\exp(x_j)$, for any natural number $i$.",
        printed=r"g'(x) = \exp(x_j), \quad \text{for any } i \in \mathbb{N}",
        verdict="unclear",
        readings=(
            slope_of_the_sum(r"read as the derivative by $x_j$, it is $\exp(x_j)$"),
            equation(
                r"read as the derivative by $x_i$, with any $i$, it is $\exp(x_j)$",
                PAIR,
                lambda x, i, j: partial(lambda v: np.exp(v).sum(), x, i),
                lambda x, i, j: e(x)[j],
            ),
        ),
        correction=r"$\partial g / \partial x_j = \exp(x_j)$ for $j = 1, \dots, n$.",
        corrected=(slope_of_the_sum(r"the derivative by $x_j$ is $\exp(x_j)$"), shared.EXP_IS_ROUNDED),
    ),
    Claim(
        id="3.2d.4",
        statement=r"The derivative of $f(x) = \exp(x_i)$ is $\exp(x_i)$ if $d e^{x_i} / dx$, $i = j$, and else 0: a derivative stands as a condition.",
        printed=r"f'(x) = \begin{cases} \exp(x_i), & \text{if } \frac{d e^{x_i}}{dx}, \; i = j \\ 0, & \text{otherwise} \end{cases}",
        verdict="unclear",
        readings=(
            equation(
                "read with the condition $i = j$ alone, it is the derivative by $x_j$",
                PAIR,
                slope_of_one,
                lambda x, i, j: e(x)[i] if i == j else 0,
            ),
            equation(
                "read with the derivative of $e^{x_i}$ as the condition, which is never 0, it is",
                PAIR,
                slope_of_one,
                lambda x, i, j: e(x)[i] if e(x)[i] != 0 else 0,
            ),
        ),
        correction=r"$\partial \exp(x_i) / \partial x_j = \delta_{ij} \exp(x_i)$.",
        corrected=(
            shared.EXP_IS_ITS_DERIVATIVE,
            equation(
                r"the derivative is $\delta_{ij} \exp(x_i)$", PAIR, slope_of_one, lambda x, i, j: int(i == j) * e(x)[i]
            ),
            shared.EXP_IS_ROUNDED,
        ),
    ),
    Claim(
        id="3.2d.5",
        statement=r"Entry $i, j$ of the Jacobian is $(\exp(x_i) \sum_j \exp(x_j) - \exp(x_j) \exp(x_i)) / (\sum_j \exp(x_j))^2$, for all $i$ and $j$.",
        printed=r"\frac{\exp(x_i) \sum_{j=1}^n \exp(x_j) - \exp(x_j) \exp(x_i)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="refuted",
        checks=(
            equation(
                "the entry is this quotient",
                PAIR,
                entry,
                lambda x, i, j: (e(x)[i] * total(x) - e(x)[j] * e(x)[i]) / squared_total(x),
            ),
        ),
        correction=r"The first product is there for $i = j$ alone: $(\delta_{ij} \exp(x_i) \sum_k \exp(x_k) - \exp(x_i) \exp(x_j)) / (\sum_k \exp(x_k))^2$.",
        corrected=(
            equation(
                "the entry is this quotient",
                PAIR,
                entry,
                lambda x, i, j: (int(i == j) * e(x)[i] * total(x) - e(x)[i] * e(x)[j]) / squared_total(x),
            ),
            SOUND,
        ),
    ),
    Claim(
        id="3.2d.6",
        statement=r"For $i = j$ it is $(\exp(x_i) \sum_j \exp(x_j) - \exp(2 x_i)) / (\sum_j \exp(x_j))^2$.",
        printed=r"\frac{\exp(x_i) \sum_{j=1}^n \exp(x_j) - \exp(2 x_i)}{(\sum_{j=1}^n \exp(x_j))^2}, \quad i = j",
        verdict="exact only",
        checks=(
            equation("the entry on the diagonal is this quotient", ENTRY, lambda x, i: entry(x, i, i), diagonal),
            AS_PRINTED,
        ),
        correction=ON_DIAGONAL,
        corrected=BY_COMPLEMENTS,
    ),
    Claim(
        id="3.2d.7",
        statement=r"Otherwise it is $-\exp(x_i) \exp(x_i) / (\sum_j \exp(x_j))^2$.",
        printed=r"\frac{-\exp(x_i) \exp(x_i)}{(\sum_{j=1}^n \exp(x_j))^2}, \quad \text{otherwise}",
        verdict="refuted",
        checks=(
            equation(
                "the entry beside the diagonal is this quotient",
                PAIR,
                lambda x, i, j: entry(x, i, j) if i != j else 0,
                lambda x, i, j: -e(x)[i] * e(x)[i] / squared_total(x) if i != j else 0,
            ),
            audited(
                "run as printed, the matrix is symmetric, as a Jacobian of softmax is",
                "softmax_jacobian",
                ["symmetric"],
                ["one_index_for_both"],
            ),
        ),
        correction=r"The second factor is that of $j$: $-\exp(x_i) \exp(x_j) / (\sum_k \exp(x_k))^2$.",
        corrected=(
            equation(
                "the entry beside the diagonal is this quotient",
                PAIR,
                lambda x, i, j: entry(x, i, j) if i != j else 0,
                lambda x, i, j: -e(x)[i] * e(x)[j] / squared_total(x) if i != j else 0,
            ),
            SOUND,
        ),
    ),
    Claim(
        id="3.2d.8",
        statement=r"The first entry of the matrix is $\exp(x_j) - \exp(2 x_1)$, over $(\sum_j \exp(x_j))^2$.",
        printed=r"\frac{\exp(x_j) - \exp(2 x_1)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="refuted",
        checks=(
            equation(
                "the first entry is this quotient, whichever $j$ is meant",
                {"x": "n", "j": "index"},
                lambda x, j: entry(x, 0, 0),
                lambda x, j: (e(x)[j] - e(2 * x)[0]) / squared_total(x),
            ),
            equation(
                "it is with $j = 1$",
                ROW,
                lambda x: entry(x, 0, 0),
                lambda x: (e(x)[0] - e(2 * x)[0]) / squared_total(x),
            ),
            FIRST_ENTRY_AS_PRINTED,
        ),
        correction=r"The sum is a factor of the first term: $\exp(x_1) \sum_j \exp(x_j) - \exp(2 x_1)$.",
        corrected=(
            equation("the first entry is this quotient", ROW, lambda x: entry(x, 0, 0), lambda x: diagonal(x, 0)),
            SOUND,
        ),
    ),
    Claim(
        id="3.2d.9",
        statement=r"For $n > 1$, the last entry of the first row is $-\exp(x_1) \exp(x_n)$, over $(\sum_j \exp(x_j))^2$.",
        printed=r"\frac{-\exp(x_1) \exp(x_n)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="exact only",
        checks=(
            equation(
                "for $n > 1$, the entry is this quotient",
                ROW,
                lambda x: entry(x, 0, len(x) - 1) if len(x) > 1 else 0,
                lambda x: -e(x)[0] * e(x)[-1] / squared_total(x) if len(x) > 1 else 0,
            ),
            holds_for_floats(
                "run as printed, it is finite", finite_entry(lambda row: -np.exp(row[0]) * np.exp(row[-1]))
            ),
        ),
        correction=IN_PROBABILITIES,
        corrected=(IN_EXACT, SOUND),
    ),
    Claim(
        id="3.2d.10",
        statement=r"For $n > 1$, the first entry of the last row is $-\exp(x_1 + x_n)$, over $(\sum_j \exp(x_j))^2$.",
        printed=r"\frac{-\exp(x_1 + x_n)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="exact only",
        checks=(
            equation(
                "for $n > 1$, the entry is this quotient",
                ROW,
                lambda x: entry(x, len(x) - 1, 0) if len(x) > 1 else 0,
                lambda x: -e(x[:1] + x[-1:])[0] / squared_total(x) if len(x) > 1 else 0,
            ),
            holds_for_floats("run as printed, it is finite", finite_entry(lambda row: -np.exp(row[0] + row[-1]))),
        ),
        correction=IN_PROBABILITIES,
        corrected=(IN_EXACT, SOUND),
    ),
    Claim(
        id="3.2d.11",
        statement=r"The last entry is $\exp(x_n) \sum_j \exp(x_j) - \exp(2 x_n)$, over $(\sum_j \exp(x_j))^2$.",
        printed=r"\frac{\exp(x_n) \sum_{j=1}^n \exp(x_j) - \exp(2 x_n)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="exact only",
        checks=(
            equation(
                "the entry is this quotient",
                ROW,
                lambda x: entry(x, len(x) - 1, len(x) - 1),
                lambda x: diagonal(x, len(x) - 1),
            ),
            holds_for_floats(
                "run as printed, it is finite",
                finite_entry(lambda row: np.exp(row[-1]) * np.exp(row).sum() - np.exp(2 * row[-1])),
            ),
        ),
        correction=ON_DIAGONAL,
        corrected=BY_COMPLEMENTS,
    ),
    Claim(
        id="3.2d.12",
        statement=r"The matrix with these four corners, over $(\sum_j \exp(x_j))^2$, is the Jacobian of softmax.",
        printed=r"\frac{1}{(\sum_{j=1}^n \exp(x_j))^2} \begin{bmatrix} \exp(x_j) - \exp(2 x_1) & \cdots & -\exp(x_1) \exp(x_n) \\ \vdots & \ddots & \vdots \\ -\exp(x_1 + x_n) & \cdots & \exp(x_n) \sum \exp(x_j) - \exp(2 x_n) \end{bmatrix}",
        verdict="refuted",
        checks=(
            equation(
                "for $n > 1$, with any $j$ in the first corner and the dots filled rightly, it is the Jacobian",
                {"x": "n", "j": "index"},
                lambda x, j: jacobian(x),
                lambda x, j: composed(x, e(x)[j] - e(2 * x)[0]),
            ),
            FIRST_ENTRY_AS_PRINTED,
        ),
        correction=r"With $\exp(x_1) \sum_j \exp(x_j) - \exp(2 x_1)$ in the first corner it is; in floating point, $s_i (\delta_{ij} - s_j)$ of the shifted form.",
        corrected=(
            equation(
                "with that corner, it is the Jacobian",
                ROW,
                jacobian,
                lambda x: composed(x, e(x)[0] * total(x) - e(2 * x)[0]),
            ),
            IN_EXACT,
            SOUND,
        ),
    ),
)
