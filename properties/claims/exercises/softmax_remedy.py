"""Exercise 3.2 b: the remedy, to subtract the maximum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from math import exp

import numpy as np

from extremum.properties.calling.call import quiet
from extremum.properties.claims.checks import ROWS_PER_SCALE, audited, equation, exists, holds_exactly, holds_for_floats
from extremum.properties.claims.claim import FLOATING, Check, Claim, ClaimRun, Evidence
from extremum.properties.claims.exponents import ENTRY, ROW, norm_error, relative_errors, shifted_softmax, softmax
from extremum.properties.model.rounding import EXP_ERROR
from extremum.properties.roles.softmax.bounds import weighted_depth
from extremum.reference.arithmetic.exponentials import exponentials
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array, Format
from extremum.reference.softmax import naive, shifted

TENTHS_END = 80
EQUAL_ENTRIES = (1, 2, 3, 1000, 65519, 65520, 131072)


def near(computed: Array, row: Array, fmt: Format) -> bool:
    """Whether each entry is finite and right to (n + 3 + max x - min x) u + 2 r_e: the bound of the shifted form."""
    if not np.isfinite(computed.astype(np.float64)).all():
        return False
    return max(relative_errors(computed, row)) <= _grown(
        _unshifted(row, fmt) + (float(np.ptp(row.astype(float))) + 3) * fmt.unit_roundoff
    )


def ordinary(row: Array, fmt: Format) -> bool:
    """Whether the form without the shift neither overflows nor underflows, nor does the one with it."""
    terms = (*np.exp(row).astype(float), float(np.exp(row).sum()), *shifted(row).astype(float))
    return all(fmt.tiny <= t <= fmt.max for t in terms)


def tenths(fmt: Format, seed: int) -> Iterator[Array]:
    """Pairs of tenths in order of size, then random rows."""
    steps = range(1, TENTHS_END)
    for a, b in sorted(product(steps, steps), key=sum):
        yield np.array([a / 10, -b / 10]).astype(fmt.dtype)
    yield from scattered(fmt, seed)


def scattered(fmt: Format, seed: int) -> Iterator[Array]:
    """Random rows, of all sizes for which the form without the shift is an ordinary number."""
    generator = np.random.default_rng(seed)
    for reach in (1.0, 4.0, 10.0, 40.0):
        for _ in range(ROWS_PER_SCALE):
            yield generator.uniform(-reach, reach, generator.integers(1, 9)).astype(fmt.dtype)


def keeps_components(row: Array, fmt: Format) -> bool:
    """Whether the shifted form keeps, in each entry, the bound of the form without it: n u + 2 r_e."""
    return not ordinary(row, fmt) or max(relative_errors(shifted(row), row)) <= _grown(_unshifted(row, fmt))


def unshifted_keeps_components(row: Array, fmt: Format) -> bool:
    """Whether the form without the shift keeps it."""
    return not ordinary(row, fmt) or max(relative_errors(naive(row), row)) <= _grown(_unshifted(row, fmt))


def loses_depth(row: Array, fmt: Format) -> bool:
    """Whether each entry of the shifted form is right to D_i u and the mean of the D_j u more, D = max x - x."""
    if not ordinary(row, fmt):
        return True
    u, depths = fmt.unit_roundoff, row.astype(float).max() - row.astype(float)
    mean = float((np.exp(-depths) * depths).sum() / np.exp(-depths).sum())
    mean *= 1 + 2**-20  # more than its own rounding
    allowed = [_grown(_unshifted(row, fmt) + (d + mean) * u) for d in depths]
    return all(error <= a for error, a in zip(relative_errors(shifted(row), row), allowed, strict=True))


def keeps_norm(row: Array, fmt: Format) -> bool:
    """Whether the shifted form, in the maximum norm, is right to (1 / e + W((n - 1) / e)) u more."""
    more = (exp(-1) + weighted_depth(len(row))) * fmt.unit_roundoff
    return not ordinary(row, fmt) or norm_error(shifted(row), row) <= _grown(_unshifted(row, fmt) + more)


def _unshifted(row: Array, fmt: Format) -> float:
    """n u + 2 r_e: n - 1 additions and a division, and the exponentials above and below."""
    return (len(row) + 2 * EXP_ERROR[fmt.name]) * fmt.unit_roundoff


def _grown(t: float) -> float:
    return t + t * t


def with_losses(check: Check) -> Check:
    """The check, with the largest errors of both forms over the random rows as what was measured."""

    def measured(run: ClaimRun) -> Evidence:
        with quiet(), np.errstate(all="ignore"):
            errors = [losses(FORMATS[dtype], run.seed) for dtype in DEFAULT_DTYPES]
        return replace(check.run(run), measured="; ".join(errors))

    return Check(FLOATING, measured)


def losses(fmt: Format, seed: int) -> str:
    """The largest errors of both forms, by component and in the norm, over the random rows."""
    rows = [row for row in scattered(fmt, seed) if ordinary(row, fmt)]

    def worst(error: Callable[[Array, Array], float], form: Callable[[Array], Array]) -> str:
        return f"{max(error(form(row), row) for row in rows) / fmt.unit_roundoff:.1f} u"

    return (
        f"{fmt.name}: by component {worst(component_error, shifted)} with the shift and "
        f"{worst(component_error, naive)} without, in the norm {worst(norm_error, shifted)} and {worst(norm_error, naive)}"
    )


def component_error(computed: Array, row: Array) -> float:
    """The largest error of an entry, relative to that entry."""
    return max(relative_errors(computed, row))


def below(x: Array) -> Array:
    """exp(x - max x), exactly."""
    return np.exp(exponentials(x) - exponentials(x).max())


PART = (
    Claim(
        id="3.2b.1",
        statement=r"With $x_M = \max x$ subtracted from every entry, the formula gives the same as without: the two are equivalent.",
        verdict="exact only",
        checks=(
            equation("both forms are equal", ROW, shifted_softmax, softmax),
            holds_for_floats(
                r"both forms give the exact value to $(n + 3 + \max x - \min x) u + 2 r_e$, wherever the shifted one does",
                lambda row, fmt: not near(shifted(row), row, fmt) or near(naive(row), row, fmt),
            ),
        ),
        correction=r"In floating point the shifted form alone is within its bound for all finite $x$: in float64 and float32 as it stands, in 16 bits with a sum in a wider format.",
        corrected=(
            audited(
                "sound references that shift keep the bound",
                "softmax",
                ["accuracy"],
                ["shifted"],
                ["float64", "float32"],
            ),
            audited(
                "with a wide sum they keep it in 16 bits", "softmax", ["accuracy"], ["wide"], ["float16", "bfloat16"]
            ),
        ),
    ),
    Claim(
        id="3.2b.2",
        statement=r"It is softmax of the number $x_i$ that is computed so.",
        printed=r"\mathrm{softmax}(x_i) = \frac{\exp(x_i - x_M)}{\sum_{i=1}^n \exp(x_i - x_M)}",
        verdict="refuted",
        checks=(
            equation(
                "softmax of the one number $x_i$ is entry $i$ of the quotient",
                ENTRY,
                lambda x, i: softmax(x[i : i + 1]),
                lambda x, i: shifted_softmax(x)[i],
            ),
        ),
        correction=r"It is entry $i$ of the softmax of the vector: $\mathrm{softmax}(x)_i$.",
        corrected=(equation("entry by entry they are equal", ROW, shifted_softmax, softmax),),
    ),
    Claim(
        id="3.2b.3",
        statement=r"Here too, one index $i$ is that of the entry and that of the sum.",
        printed=r"\mathrm{softmax}(x_i) = \frac{\exp(x_i - x_M)}{\sum_{i=1}^n \exp(x_i - x_M)}",
        verdict="unclear",
        readings=(
            equation(
                "read with an index of the sum's own, it is softmax",
                ENTRY,
                lambda x, i: below(x)[i] / sum(below(x)[j] for j in range(len(x))),
                lambda x, i: softmax(x)[i],
            ),
            equation(
                r"read with the $i$ of the left side in the sum too, which is then $n \exp(x_i - x_M)$, it is softmax",
                ENTRY,
                lambda x, i: below(x)[i] / sum(below(x)[i] for _ in x),
                lambda x, i: softmax(x)[i],
            ),
        ),
        correction=r"$\mathrm{softmax}(x)_i = \exp(x_i - x_M) / \sum_{j=1}^n \exp(x_j - x_M)$.",
        corrected=(
            equation(
                "the reference that shifts is this quotient",
                ENTRY,
                lambda x, i: shifted_softmax(x)[i],
                lambda x, i: below(x)[i] / sum(below(x)[j] for j in range(len(x))),
            ),
        ),
    ),
    Claim(
        id="3.2b.4",
        statement=r"The shift does not reduce precision.",
        verdict="refuted",
        checks=(
            with_losses(
                holds_for_floats(
                    r"where the form without the shift is safe, the shifted one keeps its bound of $n u + 2 r_e$ in every entry",
                    keeps_components,
                    given=tenths,
                )
            ),
        ),
        correction=(
            r"It costs an entry that lies $D$ below the maximum up to $D u$ of its relative precision, for $x_i - x_M$ is rounded. "
            r"In the maximum norm it costs at most $(1/e + W((n-1)/e)) u$, next to nothing."
        ),
        corrected=(
            holds_for_floats(
                "without the shift, $n u + 2 r_e$ is kept in every entry", unshifted_keeps_components, given=scattered
            ),
            holds_for_floats(r"with it, $D_i u$ and $\sum_j s_j D_j u$ more", loses_depth, given=tenths),
            holds_for_floats("in the maximum norm, $(1/e + W((n-1)/e)) u$ more", keeps_norm, given=tenths),
        ),
    ),
    Claim(
        id="3.2b.5",
        statement=r"The shift avoids the overflow of the exponentials.",
        verdict="confirmed",
        checks=(
            holds_exactly(
                r"$\exp(x_i - x_M) \leq 1$ for all $i$, with equality at the maximum",
                ROW,
                lambda x: max(np.exp(exponentials(x) - exponentials(x).max())) == 1,
            ),
            audited("the shifted form gives finite numbers for all finite inputs", "softmax", ["finite"], ["shifted"]),
        ),
    ),
    Claim(
        id="3.2b.6",
        statement=r"It avoids the overflow of their sum.",
        verdict="exact only",
        checks=(
            holds_exactly(
                r"$1 \leq \sum_j \exp(x_j - x_M) \leq n$",
                ROW,
                lambda x: 1 <= np.exp(exponentials(x) - exponentials(x).max()).sum() <= len(x),
            ),
            holds_for_floats(
                "the sum for a row of $n$ equal entries is finite, for $n$ up to 131,072",
                lambda row, fmt: bool(np.isfinite(np.exp(row - row.max()).sum())),
                given=lambda fmt, seed: (np.zeros(n, fmt.dtype) for n in EQUAL_ENTRIES),
            ),
        ),
        correction=r"The sum is finite where $n$ is below the overflow threshold of the format: in float16, where that is 65520, it has to be taken in a wider one.",
        corrected=(
            holds_for_floats(
                "it is finite in each format for fewer than 65,520 entries",
                lambda row, fmt: bool(np.isfinite(np.exp(row - row.max()).sum())),
                given=lambda fmt, seed: (np.zeros(n, fmt.dtype) for n in EQUAL_ENTRIES if n < 65520),
            ),
            audited("with a wide sum the probabilities of long rows sum to 1", "softmax", ["sum_to_one"], ["wide"]),
        ),
    ),
    Claim(
        id="3.2b.7",
        statement=r"The same rule avoids underflow.",
        verdict="refuted",
        checks=(
            holds_for_floats(
                "with the shift, no entry of the result is 0", lambda row, fmt: bool((shifted(row) != 0).all())
            ),
        ),
        correction=(
            r"What it avoids is 0 / 0, for the sum is at least 1. An entry far below the maximum still underflows to 0, and its "
            r"logarithm is $-\infty$: the logarithm has to be computed as $x_i - x_M - \log \sum_j \exp(x_j - x_M)$."
        ),
        corrected=(
            holds_for_floats(
                "with the shift, the sum is at least 1 and the largest entry at least $1 / (2 n)$",
                lambda row, fmt: bool(
                    np.exp(row - row.max()).sum() >= 1 and float(shifted(row).max()) >= 0.5 / len(row)
                ),
            ),
            exists(
                "there is a row in each format for which the logarithm of the result is infinite",
                lambda row, fmt: bool(np.isinf(np.log(shifted(row))).any()),
            ),
            audited(
                "the logarithm by its own formula is finite, and within its bound",
                "log_softmax",
                ["finite", "accuracy"],
                ["shifted_log_softmax"],
                ["float64", "float32"],
            ),
            audited(
                "so it is in 16 bits, with a sum in a wider format",
                "log_softmax",
                ["finite", "accuracy"],
                ["wide_log_softmax"],
                ["float16", "bfloat16"],
            ),
        ),
    ),
)
