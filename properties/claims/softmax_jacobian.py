"""Exercise 3.2 d: the Jacobian of softmax, by the quotient rule."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np

from extremum.properties.claims.checks import always, audited, equation, floats
from extremum.properties.claims.claim import Claim
from extremum.properties.claims.exponents import PAIR, ROW, e, jacobian, partial
from extremum.properties.softmax.bounds import EXP_ERROR
from extremum.reference.exponentials import exponentials
from extremum.reference.formats import Array, Format
from extremum.reference.softmax_jacobian.quotient_rule import quotient_rule

POLYNOMIALS = {"f": "n", "g": "m", "x": "number"}


def quotient_slope(f: Array, g: Array, x: Any) -> Any:
    """The derivative of f / g at x from its definition, for polynomials given by coefficients.

    N(h) = f(x + h) g(x) - f(x) g(x + h) is a polynomial in h with N(0) = 0, so that the quotient of differences
    N(h) / (h g(x + h) g(x)) tends to N'(0) / g(x)^2, and N'(0) is a coefficient. Undefined where g(x) = 0.
    """
    F, G, shift = flint.fmpq_poly(list(f)), flint.fmpq_poly(list(g)), flint.fmpq_poly([x, 1])
    numerator = F(shift) * G(x) - F(x) * G(shift)
    return numerator[1] / G(x) ** 2


def by_rule(f: Array, g: Array, x: Any) -> Any:
    """(f' g - g' f) / g^2 at x. Undefined where g(x) = 0."""
    F, G = flint.fmpq_poly(list(f)), flint.fmpq_poly(list(g))
    return (F.derivative()(x) * G(x) - G.derivative()(x) * F(x)) / G(x) ** 2


def entry(x: Array, i: int, j: int) -> Any:
    """Entry i, j of the exact Jacobian."""
    return jacobian(x)[i, j]


def diagonal(x: Array, i: int) -> Any:
    """(e_i S - exp(2 x_i)) / S^2."""
    return (e(x)[i] * e(x).sum() - e(2 * x)[i]) / (e(x).sum() * e(x).sum())


def rounded_exp(row: Array, fmt: Format) -> bool:
    """Whether np.exp is right to r_e, and where it underflows to as many steps of the smallest subnormal."""
    r = EXP_ERROR[fmt.name]
    with flint.ctx.workprec(256):
        exact = [flint.arb(float(v)).exp() for v in row]
        got = [float(v) for v in np.exp(row)]
        return all(
            g == np.inf if s > 2 * fmt.max else g == np.inf or abs(g - s) <= s * (r * fmt.unit_roundoff) + r * fmt.eta
            for g, s in zip(got, exact, strict=True)
        )


AS_PRINTED = audited(
    "run as printed, the quotient rule gives finite numbers wherever the Jacobian is finite",
    "softmax_jacobian",
    ["finite"],
    ["quotient_rule"],
)
IN_PROBABILITIES = (
    r"In floating point, the probabilities of the shifted form are multiplied: $s_i (\delta_{ij} - s_j)$."
)
SOUND = audited("sound references keep the bound in each entry", "softmax_jacobian", ["finite", "accuracy"])

PART = (
    Claim(
        id="3.2d.1",
        statement=r"The derivative of $y = f / g$ is $(f' g - g' f) / g^2$.",
        printed=r"y = \frac{f(x)}{g(x)} \Longrightarrow \frac{dy}{dx} = \frac{f'g - g'f}{g^2}",
        verdict="exact only",
        checks=(
            always(
                "of polynomials, it is the limit of the quotients of differences, wherever $g \\neq 0$",
                POLYNOMIALS,
                lambda f, g, x: flint.fmpq_poly(list(g))(x) == 0 or quotient_slope(f, g, x) == by_rule(f, g, x),
            ),
            AS_PRINTED,
        ),
        correction=IN_PROBABILITIES,
        corrected=(SOUND,),
    ),
    Claim(
        id="3.2d.2",
        statement=r"The derivative of $g(x) = \sum_j \exp(x_j)$ is $\exp(x_j)$, for any natural number $i$.",
        printed=r"g'(x) = \exp(x_j), \quad \text{for any } i \in \mathbb{N}",
        verdict="unclear",
        readings=(
            equation(
                r"read as the derivative by $x_j$, it is $\exp(x_j)$",
                {"x": "n", "j": "index"},
                lambda x, j: partial(lambda v: np.exp(v).sum(), x, j),
                lambda x, j: e(x)[j],
            ),
            equation(
                r"read as the derivative by $x_i$, with any $i$, it is $\exp(x_j)$",
                PAIR,
                lambda x, i, j: partial(lambda v: np.exp(v).sum(), x, i),
                lambda x, i, j: e(x)[j],
            ),
        ),
        correction=r"$\partial g / \partial x_j = \exp(x_j)$ for $j = 1, \dots, n$.",
        corrected=(
            equation(
                r"the derivative by $x_j$ is $\exp(x_j)$",
                {"x": "n", "j": "index"},
                lambda x, j: partial(lambda v: np.exp(v).sum(), x, j),
                lambda x, j: e(x)[j],
            ),
            floats(r"computed, it is right to $r_e$", rounded_exp),
        ),
    ),
    Claim(
        id="3.2d.3",
        statement=r"The derivative of $f(x) = \exp(x_i)$ by $x_j$ is $\exp(x_i)$ for $i = j$, and else 0.",
        printed=r"f'(x) = \begin{cases} \exp(x_i), & i = j \\ 0, & \text{otherwise} \end{cases}",
        verdict="confirmed",
        checks=(
            equation(
                r"the derivative is $\delta_{ij} \exp(x_i)$",
                PAIR,
                lambda x, i, j: partial(lambda v: np.exp(v[i]), x, j),
                lambda x, i, j: e(x)[i] if i == j else 0,
            ),
            floats(r"computed, it is right to $r_e$", rounded_exp),
        ),
    ),
    Claim(
        id="3.2d.4",
        statement=r"Entry $i, j$ of the Jacobian is $(\exp(x_i) \sum_j \exp(x_j) - \exp(x_j) \exp(x_i)) / (\sum_j \exp(x_j))^2$, for all $i$ and $j$.",
        printed=r"\frac{\exp(x_i) \sum_{j=1}^n \exp(x_j) - \exp(x_j) \exp(x_i)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="refuted",
        checks=(
            equation(
                "the entry is this quotient",
                PAIR,
                entry,
                lambda x, i, j: (e(x)[i] * e(x).sum() - e(x)[j] * e(x)[i]) / (e(x).sum() * e(x).sum()),
            ),
        ),
        correction=r"The first product is there for $i = j$ alone: $(\delta_{ij} \exp(x_i) \sum_k \exp(x_k) - \exp(x_i) \exp(x_j)) / (\sum_k \exp(x_k))^2$.",
        corrected=(
            equation(
                "the entry is this quotient",
                PAIR,
                entry,
                lambda x, i, j: (int(i == j) * e(x)[i] * e(x).sum() - e(x)[i] * e(x)[j]) / (e(x).sum() * e(x).sum()),
            ),
            SOUND,
        ),
    ),
    Claim(
        id="3.2d.5",
        statement=r"For $i = j$ it is $(\exp(x_i) \sum_j \exp(x_j) - \exp(2 x_i)) / (\sum_j \exp(x_j))^2$.",
        printed=r"\frac{\exp(x_i) \sum_{j=1}^n \exp(x_j) - \exp(2 x_i)}{(\sum_{j=1}^n \exp(x_j))^2}, \quad i = j",
        verdict="exact only",
        checks=(
            equation(
                "the entry on the diagonal is this quotient",
                {"x": "n", "i": "index"},
                lambda x, i: entry(x, i, i),
                diagonal,
            ),
            AS_PRINTED,
        ),
        correction=r"In floating point, $s_i \sum_{k \neq i} s_k$ of the shifted form, in which nothing is subtracted.",
        corrected=(
            audited(
                "the diagonal from the complements keeps the bound in each entry",
                "softmax_jacobian",
                ["finite", "accuracy"],
                ["complement_jacobian"],
            ),
        ),
    ),
    Claim(
        id="3.2d.6",
        statement=r"Otherwise it is $-\exp(x_i) \exp(x_i) / (\sum_j \exp(x_j))^2$.",
        printed=r"\frac{-\exp(x_i) \exp(x_i)}{(\sum_{j=1}^n \exp(x_j))^2}, \quad \text{otherwise}",
        verdict="refuted",
        checks=(
            equation(
                "the entry beside the diagonal is this quotient",
                PAIR,
                lambda x, i, j: entry(x, i, j) if i != j else 0,
                lambda x, i, j: -e(x)[i] * e(x)[i] / (e(x).sum() * e(x).sum()) if i != j else 0,
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
                lambda x, i, j: -e(x)[i] * e(x)[j] / (e(x).sum() * e(x).sum()) if i != j else 0,
            ),
            SOUND,
        ),
    ),
    Claim(
        id="3.2d.7",
        statement=r"The first entry of the matrix is $\exp(x_j) - \exp(2 x_1)$, over $(\sum_j \exp(x_j))^2$.",
        printed=r"\frac{\exp(x_j) - \exp(2 x_1)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="refuted",
        checks=(
            equation(
                "the first entry is this quotient, whichever $j$ is meant",
                {"x": "n", "j": "index"},
                lambda x, j: entry(x, 0, 0),
                lambda x, j: (e(x)[j] - e(2 * x)[0]) / (e(x).sum() * e(x).sum()),
            ),
            equation(
                "it is with $j = 1$",
                ROW,
                lambda x: entry(x, 0, 0),
                lambda x: (e(x)[0] - e(2 * x)[0]) / (e(x).sum() * e(x).sum()),
            ),
            audited(
                "run as printed with $j = 1$, the rows sum to 0",
                "softmax_jacobian",
                ["rows_sum_to_zero"],
                ["first_entry_without_sum"],
            ),
        ),
        correction=r"The sum is a factor of the first term: $\exp(x_1) \sum_j \exp(x_j) - \exp(2 x_1)$.",
        corrected=(
            equation("the first entry is this quotient", ROW, lambda x: entry(x, 0, 0), lambda x: diagonal(x, 0)),
            SOUND,
        ),
    ),
    Claim(
        id="3.2d.8",
        statement=r"The last entry of the first row is $-\exp(x_1) \exp(x_n)$, over $(\sum_j \exp(x_j))^2$.",
        printed=r"\frac{-\exp(x_1) \exp(x_n)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="exact only",
        checks=(
            equation(
                "for $n > 1$, the entry is this quotient",
                ROW,
                lambda x: entry(x, 0, len(x) - 1) if len(x) > 1 else 0,
                lambda x: -e(x)[0] * e(x)[-1] / (e(x).sum() * e(x).sum()) if len(x) > 1 else 0,
            ),
            AS_PRINTED,
        ),
        correction=IN_PROBABILITIES,
        corrected=(SOUND,),
    ),
    Claim(
        id="3.2d.9",
        statement=r"The first entry of the last row is $-\exp(x_1 + x_n)$, over $(\sum_j \exp(x_j))^2$.",
        printed=r"\frac{-\exp(x_1 + x_n)}{(\sum_{j=1}^n \exp(x_j))^2}",
        verdict="exact only",
        checks=(
            equation(
                "for $n > 1$, the entry is this quotient",
                ROW,
                lambda x: entry(x, len(x) - 1, 0) if len(x) > 1 else 0,
                lambda x: -e(x[:1] + x[-1:])[0] / (e(x).sum() * e(x).sum()) if len(x) > 1 else 0,
            ),
            floats(
                "run as printed, it is finite",
                lambda row, fmt: bool(np.isfinite(np.exp(row[0] + row[-1]) / np.square(np.exp(row).sum()))),
            ),
        ),
        correction=IN_PROBABILITIES,
        corrected=(SOUND,),
    ),
    Claim(
        id="3.2d.10",
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
            AS_PRINTED,
        ),
        correction=IN_PROBABILITIES,
        corrected=(SOUND,),
    ),
    Claim(
        id="3.2d.11",
        statement=r"The quotient rule, with its cases put together, is the Jacobian of softmax.",
        printed=r"\frac{\partial \operatorname{softmax}(x)_i}{\partial x_j}",
        verdict="exact only",
        checks=(
            equation(
                r"the reference that transcribes it, run on exact numbers, gives the derivatives of the definition",
                ROW,
                jacobian,
                lambda x: quotient_rule(exponentials(x)),
            ),
            AS_PRINTED,
        ),
        correction=IN_PROBABILITIES,
        corrected=(SOUND,),
    ),
)
