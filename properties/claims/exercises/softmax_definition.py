"""Exercise 3.2, the definition of softmax, and part a: what goes wrong on a computer."""

from __future__ import annotations

import numpy as np

from extremum.properties.claims import softmax_checks as shared
from extremum.properties.claims.checks import audited, equation, exists, holds_exactly, holds_for_floats
from extremum.properties.claims.claim import Claim
from extremum.properties.claims.exponents import ENTRY, ROW, e, softmax, total
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.softmax import naive, shifted


def finite(values: Array) -> bool:
    """Whether all values are finite."""
    return bool(np.isfinite(values.astype(np.float64)).all())


def sum_overflows(row: Array, fmt: Format) -> bool:
    """Whether the sum of the exponentials is infinite."""
    return bool(np.isinf(np.exp(row).sum()))


def exponents_underflow(row: Array, fmt: Format) -> bool:
    """Whether exp of an entry is subnormal or 0."""
    return bool((np.exp(row).astype(np.float64) < fmt.tiny).any())


def reciprocal(row: Array) -> Array:
    """exp(x_i) times the reciprocal of the sum."""
    terms = np.exp(row)
    one: Array = np.ones(1, row.dtype)
    return np.asarray(terms * (one / terms.sum()))


OWN_INDEX = shared.is_softmax(
    "read with an index of the sum's own, the quotients sum to 1 and are to each other as the exponentials: it is softmax",
    softmax,
)

DEFINITION = (
    Claim(
        id="3.2.1",
        statement=r"Softmax maps $\mathbb{R}^n$ to $\mathbb{R}^k$: it has the entries $i = 1, \dots, k$, and by part c) they sum to 1.",
        printed=r"\mathrm{softmax}: \mathbb{R}^n \longrightarrow \mathbb{R}^k, \quad i = 1, \dots, k",
        verdict="unclear",
        readings=(
            equation("read with $k = n$, the entries sum to 1", ROW, lambda x: softmax(x).sum(), lambda x: 1),
            equation(
                "read with $k < n$, the first $k$ entries sum to 1",
                {"x": "n", "k": "index"},
                lambda x, k: softmax(x)[: k + 1].sum(),
                lambda x, k: 1,
            ),
            equation(
                "read with $k > n$, there is an entry $n + 1$, and with it the sum is 1",
                ROW,
                lambda x: softmax(x).sum() + e(x)[len(x)],
                lambda x: 1,
            ),
        ),
        correction=r"$\mathrm{softmax}: \mathbb{R}^n \to \mathbb{R}^n$, with the entries $i = 1, \dots, n$.",
        corrected=(
            holds_exactly("there are as many entries as inputs", ROW, lambda x: softmax(x).shape == x.shape),
            audited("references return the shape that they are given", "softmax", ["shape"]),
        ),
    ),
    Claim(
        id="3.2.2",
        statement=r"Entry $i$ is $\exp(x_i)$ divided by the sum of $\exp(x_i)$ over $i$: one index has both parts.",
        printed=r"\mathrm{softmax}(x)_i = \frac{\exp(x_i)}{\sum_{i=1}^n \exp(x_i)}",
        verdict="unclear",
        readings=(
            OWN_INDEX,
            equation(
                "read with the $i$ of the left side in the sum too, which is then $n \\exp(x_i)$, it is the same",
                ENTRY,
                lambda x, i: e(x)[i] / sum(e(x)[i] for _ in x),
                lambda x, i: softmax(x)[i],
            ),
        ),
        correction=r"The sum has an index of its own: $\mathrm{softmax}(x)_i = \exp(x_i) / \sum_{j=1}^n \exp(x_j)$.",
        corrected=(
            equation(
                "the entries are these quotients",
                ENTRY,
                lambda x, i: softmax(x)[i],
                lambda x, i: e(x)[i] / sum(e(x)[j] for j in range(len(x))),
            ),
        ),
    ),
    Claim(
        id="3.2.3",
        statement=r"The formula gives a number for every $x$ in $\mathbb{R}^n$.",
        printed=r"\mathrm{softmax}(x)_i = \frac{\exp(x_i)}{\sum_{i=1}^n \exp(x_i)}",
        verdict="exact only",
        checks=(
            holds_exactly("its denominator is positive", ROW, lambda x: bool(total(x) > 0)),
            shared.FINITE_AS_PRINTED,
        ),
        correction=shared.MAXIMUM_FIRST,
        corrected=(shared.FINITE_IF_SOUND,),
    ),
)

ISSUES = (
    Claim(
        id="3.2a.1",
        statement=r"The sum of the $\exp(x_i)$ can be too large for the number format, though every $x_i$ is in it.",
        verdict="confirmed",
        checks=(
            exists("in each format there is a row whose sum of exponentials is infinite", sum_overflows),
            exists(
                "and one whose exponentials are all finite, and their sum is not",
                lambda row, fmt: finite(np.exp(row)) and sum_overflows(row, fmt),
            ),
        ),
    ),
    Claim(
        id="3.2a.2",
        statement=r"NumPy returns positive infinity for $e^{1000}$.",
        verdict="confirmed",
        checks=(
            holds_for_floats(
                r"`np.exp(1000)` is infinite in each format",
                lambda row, fmt: bool(np.exp(row)[0] == np.inf),
                given=lambda fmt, seed: iter([np.full(1, 1000, fmt.dtype)]),
            ),
        ),
    ),
    Claim(
        id="3.2a.3",
        statement=r"Then numerator and denominator are infinite, and NumPy returns NaN for their quotient.",
        verdict="confirmed",
        checks=(
            holds_for_floats(
                "where every entry is 1000, the formula as printed gives NaN in every entry",
                lambda row, fmt: bool(np.isinf(np.exp(row)).all() and np.isnan(naive(row)).all()),
                given=lambda fmt, seed: (np.full(n, 1000, fmt.dtype) for n in (1, 2, 3, 10, 1000)),
            ),
        ),
    ),
    Claim(
        id="3.2a.4",
        statement=r"So it is in softmax at large: where the sum is too large, numerator and denominator are infinite, and their quotient is NaN.",
        verdict="refuted",
        checks=(
            holds_for_floats(
                "wherever the sum is infinite, an entry of the answer is NaN",
                lambda row, fmt: not sum_overflows(row, fmt) or bool(np.isnan(naive(row)).any()),
            ),
        ),
        correction=r"Where each exponential is finite and their sum is not, the quotient is 0 in every entry.",
        corrected=(
            holds_for_floats(
                "wherever the sum is infinite and no term is, every entry is 0",
                lambda row, fmt: not (sum_overflows(row, fmt) and finite(np.exp(row))) or bool((naive(row) == 0).all()),
            ),
            exists(
                "there is such a row in each format",
                lambda row, fmt: sum_overflows(row, fmt) and bool((naive(row) == 0).all()),
            ),
        ),
    ),
    Claim(
        id="3.2a.5",
        statement=r"Underflow can bring a 0 into the result, where softmax is positive.",
        verdict="confirmed",
        checks=(
            holds_exactly("softmax is positive", ROW, lambda x: all(s > 0 for s in softmax(x))),
            exists(
                "in each format there is a row for which an exponential is 0, the sum is not, and so the result is 0",
                lambda row, fmt: bool((np.exp(row) == 0).any() and (naive(row) == 0).any()),
            ),
        ),
    ),
    Claim(
        id="3.2a.6",
        statement=r"An $\exp(x_i)$ that is small, or 0 by underflow, may cause an overflow.",
        verdict="unclear",
        readings=(
            exists(
                "read of the formula as printed, which divides: there is a row that underflows and gives an infinity",
                lambda row, fmt: exponents_underflow(row, fmt) and bool(np.isinf(naive(row)).any()),
            ),
            exists(
                "read of the usual variant, which multiplies by the reciprocal of the sum: there is one",
                lambda row, fmt: exponents_underflow(row, fmt) and bool(np.isinf(reciprocal(row)).any()),
            ),
            exists(
                "read of the logarithm that a loss takes of the result: there is one, also with the remedy of b)",
                lambda row, fmt: exponents_underflow(row, fmt) and bool(np.isinf(np.log(shifted(row))).any()),
            ),
        ),
        correction=r"As printed, no quotient overflows, for no term exceeds the sum, but 0 / 0 is NaN where all terms underflow.",
        corrected=(
            holds_for_floats(
                "each entry of the answer is NaN, or no more than 1, where the terms are finite",
                lambda row, fmt: not finite(np.exp(row)) or not bool((naive(row) > 1).any()),
            ),
            exists(
                "there is a row of 0 / 0",
                lambda row, fmt: bool((np.exp(row) == 0).all() and np.isnan(naive(row)).all()),
            ),
        ),
    ),
)
