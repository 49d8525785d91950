"""Exercise 3.2 c: softmax is a probability distribution."""

from __future__ import annotations

import flint
import numpy as np

from extremum.properties.claims import softmax_checks as shared
from extremum.properties.claims.checks import audited, equation, holds_exactly, holds_for_floats
from extremum.properties.claims.claim import Claim
from extremum.properties.claims.exponents import ENTRY, PAIR, ROW, e, partial, softmax, total
from extremum.properties.claims.inputs import shaped
from extremum.reference.arithmetic.formats import Array, Format

FREE = {"q": "n"}


def repeats(row: Array, fmt: Format) -> bool:
    """Whether the exponentials of a row that stands twice in one call are twice the same."""
    twice = np.exp(np.concatenate([row, row]))
    return bool((twice[: len(row)] == twice[len(row) :]).all())


def completed(q: Array) -> Array:
    """(q_1, ..., q_n, 1 - q_1 - ... - q_n), which sums to 1."""
    return shaped([*q, 1 - q.sum()], (len(q) + 1,))


PART = (
    Claim(
        id="3.2c.1",
        statement=r"$\mathrm{softmax}(x)_i \geq 0$ for every $x$ and $i$.",
        printed=r"\mathrm{softmax}(x)_i \ge 0",
        verdict="confirmed",
        checks=(
            holds_exactly("every entry is positive", ROW, lambda x: all(s > 0 for s in softmax(x))),
            shared.NONNEGATIVE,
        ),
    ),
    Claim(
        id="3.2c.2",
        statement=r"The entries of $\mathrm{softmax}(x)$ sum to 1.",
        printed=r"\sum_{i=1}^n \mathrm{softmax}(x)_i = 1",
        verdict="confirmed",
        checks=(
            equation("the sum is 1", ROW, lambda x: softmax(x).sum(), lambda x: 1),
            audited(
                r"the entries of sound references sum to 1 within $(d + 2) u$, $d$ the additions on the longest path of the sum",
                "softmax",
                ["sum_to_one"],
            ),
        ),
    ),
    Claim(
        id="3.2c.3",
        statement=r"So $\mathrm{softmax}(x)$ can be understood as a probability distribution ($k = n$; see 3.2.1).",
        printed=r"\mathrm{softmax}(x) \in \mathbb{R}^k",
        verdict="confirmed",
        checks=(
            holds_exactly(
                "each entry lies between 0 and 1, and they sum to 1",
                ROW,
                lambda x: all(0 <= s <= 1 for s in softmax(x)) and softmax(x).sum() == 1,
            ),
            audited(
                "references keep to all three, wherever they declare no failure",
                "softmax",
                ["nonnegative", "at_most_one", "sum_to_one"],
            ),
        ),
    ),
    Claim(
        id="3.2c.4",
        statement=r"$\mathrm{softmax}(x)_i$ is $\exp(x_i)$ divided by the sum of the $\exp(x_j)$; a stray mark follows the sum.",
        printed=r"\mathrm{softmax}(x)_i = \frac{\exp(x_i)}{\sum_{j=1}^n \exp(x_j)'}",
        verdict="exact only",
        checks=(
            shared.is_softmax(
                "the mark read as nothing, the quotients sum to 1 and are to each other as the exponentials: it is softmax"
            ),
            shared.EXP_IS_ITS_DERIVATIVE,
            equation(
                "the mark read as a derivative, it is the same",
                ENTRY,
                lambda x, i: e(x)[i] / sum(partial(np.exp, x, j)[j] for j in range(len(x))),
                lambda x, i: softmax(x)[i],
            ),
            shared.FINITE_AS_PRINTED,
        ),
        correction=shared.MAXIMUM_FIRST,
        corrected=(shared.FINITE_IF_SOUND,),
    ),
    Claim(
        id="3.2c.5",
        statement=r"$\exp(x) > 0$ for every $x$.",
        printed=r"\exp(x) > 0",
        verdict="exact only",
        checks=(
            holds_exactly("the exponential of a rational number is positive", ROW, lambda x: all(v > 0 for v in e(x))),
            holds_for_floats("the computed exponential is positive", lambda row, fmt: bool((np.exp(row) > 0).all())),
        ),
        correction=r"Computed, $\exp(x) \geq 0$, and 0 only where $e^x$ is less than the smallest subnormal number.",
        corrected=(
            holds_for_floats("it is never negative", lambda row, fmt: bool((np.exp(row) >= 0).all())),
            holds_for_floats(
                "where it is 0, the exact value is below the smallest subnormal number",
                lambda row, fmt: all(flint.arb(float(x)).exp() < fmt.eta for x in row[np.exp(row) == 0]),
            ),
        ),
    ),
    Claim(
        id="3.2c.6",
        statement=r"Hence no entry is greater than 1.",
        printed=r"\frac{\exp(x_i)}{\sum_{j=1}^n \exp(x_j)}",
        verdict="confirmed",
        checks=(
            holds_exactly(
                "no entry is greater than 1, and with two or more entries none is 1",
                ROW,
                lambda x: all(s < 1 or len(x) == 1 for s in softmax(x)) and all(s <= 1 for s in softmax(x)),
            ),
            audited(
                "neither the formula as printed nor the shifted one exceeds 1 by more than its bound",
                "softmax",
                ["at_most_one"],
                ["naive", "shifted"],
            ),
        ),
    ),
    Claim(
        id="3.2c.7",
        statement=r"$\exp(x_i) = \exp(x_i)$ if $i = j$.",
        printed=r"\exp(x_i) = \exp(x_i), \quad \text{if } i = j",
        verdict="confirmed",
        checks=(
            holds_exactly(r"$\exp(x_i) = \exp(x_j)$ where $i = j$", PAIR, lambda x, i, j: i != j or e(x)[i] == e(x)[j]),
            holds_for_floats("computed in one call, exponentials of equal entries are equal to the bit", repeats),
        ),
    ),
    Claim(
        id="3.2c.8",
        statement=r"The sum of the entries is the constant $1 / \sum_j \exp(x_j)$ times the sum of the $\exp(x_i)$, which is 1.",
        printed=r"\sum_{i=1}^n \frac{\exp(x_i)}{\sum \exp(x_i)} = \frac{1}{\sum \exp(x_i)} \sum_{i=1}^n \exp(x_i) = 1",
        verdict="exact only",
        checks=(
            equation(
                "the sum of the quotients is the product",
                ROW,
                lambda x: softmax(x).sum(),
                lambda x: (1 / total(x)) * total(x),
            ),
            equation("the product is 1", ROW, lambda x: (1 / total(x)) * total(x), lambda x: 1),
            holds_for_floats(
                "computed as printed, the product is 1 within $(n + 1) u$",
                lambda row, fmt: abs(float(_product(row)) - 1) <= (len(row) + 1) * fmt.unit_roundoff,
            ),
        ),
        correction=r"Of $\exp(x_i - x_M)$ the product is 1 within $(n + 1) u$.",
        corrected=(
            holds_for_floats(
                "with the shift, the product is 1 within $(n + 1) u$",
                lambda row, fmt: abs(float(_product(row - row.max())) - 1) <= (len(row) + 1) * fmt.unit_roundoff,
            ),
        ),
    ),
    Claim(
        id="3.2c.9",
        statement=r"The sum is 1, which is greater than 0, and that concludes the proof: so each entry is at least 0.",
        verdict="refuted",
        checks=(
            holds_exactly(
                r"no $(q_1, \dots, q_n, 1 - \sum_i q_i)$, whose sum is 1, has a negative entry",
                FREE,
                lambda q: all(p >= 0 for p in completed(q)),
            ),
        ),
        correction=r"That no entry is negative follows from $\exp > 0$, for numerator and denominator are positive, and not from the sum.",
        corrected=(
            holds_exactly(
                "quotients of positive numbers are positive",
                ROW,
                lambda x: all(v > 0 for v in e(x)) and all(s > 0 for s in softmax(x)),
            ),
            shared.NONNEGATIVE,
        ),
    ),
)


def _product(row: Array) -> Array:
    """(1 / sum exp(x)) sum exp(x), in the dtype of the row."""
    denominator = np.exp(row).sum(keepdims=True)
    one: Array = np.ones(1, row.dtype)
    return np.asarray(((one / denominator) * denominator)[0])
