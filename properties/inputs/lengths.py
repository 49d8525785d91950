"""Row lengths: every one to 33, around every power of two to 2**17, some drawn between, and those of vocabularies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from extremum.properties.inputs.effort import STANDARD, Effort
from extremum.properties.inputs.shapes import COMPILED_ROWS

SHORT = tuple(range(1, 34))
POWERS = tuple(2**k for k in range(6, 18))
LONG = 2**10  # beyond it, rows are few and come from the regimes that are made for length
MODERATE = 2**13
NEIGHBOURED = 2**11
LONGEST = POWERS[-1]
PEOPLES = (48, 50, 96, 100, 192, 384, 500, 768, 1000, 1536, 3072, 10000, 50257)  # heads, widths, classes, vocabularies
DRAWN = 8

# Rows with one large entry, which stands where a kernel may forget it. Of `TAILED` lengths all of `tail_places` are
# visited; of `VOCABULARIES`, which are those of language models, 2**16 + 1 and 2**18, the first `FEW_PLACES`.
TAILED = (2, 3, 5, 9, 17, 33, 65, 100, 129, 257, 1000, 1025, 4097)
VOCABULARIES = (32_000, 49_152, 50_257, 65_537, 100_277, 128_256, 151_936, 152_064, 256_000, 2**18)
LONGEST_VOCABULARY = VOCABULARIES[-1]
FEW_PLACES = 3  # the end, the beginning, and beside the last multiple of the largest block
BLOCKS = (4, 8, 16, 32, 64, 128, 256, 1024, 65_536)  # entries that kernels take at a time


def tail_places(n: int) -> list[int]:
    """The places of a row of n where what works in blocks may forget an entry: the last ones first.

    The end, the beginning, the middle, and beside the last multiple of each size of a block.
    """
    beside = [(n - 1) // size * size + d for size in BLOCKS[::-1] if size < n for d in (0, -1, 1)]
    return [p for p in dict.fromkeys((n - 1, 0, *beside, n // 2, n - 2)) if 0 <= p < n]


def every_length(seed: int) -> list[int]:
    """All short lengths, each power of two with its neighbours, those that people use, and some drawn between.

    Beyond 2**11 one of a power and its two neighbours is taken.
    """
    rng = np.random.default_rng([seed, LONGEST])
    around = [p + d for p in POWERS if p <= NEIGHBOURED for d in (-1, 0, 1)]
    around += [p + int(rng.integers(-1, 2)) for p in POWERS if NEIGHBOURED < p < LONGEST] + [LONGEST]
    between = np.exp(rng.uniform(np.log(SHORT[-1] + 1), np.log(MODERATE), DRAWN)).astype(int).tolist()
    return sorted({*SHORT, *around, *PEOPLES, *between})


def moderate_lengths(seed: int) -> list[int]:
    """The lengths up to 2**13 + 1 that keep a property with several calls a row affordable."""
    rng = np.random.default_rng([seed, MODERATE])
    around = [p + int(rng.integers(-1, 2)) for p in POWERS if p <= MODERATE]
    return sorted({*SHORT, *around, *(n for n in PEOPLES if n <= MODERATE), 2500, 4097, 6000})


def few_lengths(seed: int) -> list[int]:
    """Some of the short ones and a few more, for what depends on the length hardly at all."""
    return sorted({*range(1, 10), 15, 16, 17, 24, 31, 32, 33, 64, 129, 1000 + seed % 25})


def matrix_lengths(_seed: int) -> list[int]:
    """Those of the short ones and of the powers of two that keep a matrix of as many rows affordable."""
    return [*range(1, 13), 15, 16, 17, 24, 31, 32, 33, 64, 65, 100, 128, 257, 400, 1024, 4096]


def point_lengths(_seed: int) -> list[int]:
    """Every short one and those that people use, so that a function of a fixed dimension is met."""
    return [*SHORT, 48, 50, 64, 100, 128]


LARGEST_POINT = 1024  # entries


def tried_points() -> list[int]:
    """The lengths of points that a function is tried on until it answers: 3, the usual ones, and all others."""
    return list(dict.fromkeys((3, *point_lengths(0), *range(1, LARGEST_POINT + 1))))


LENGTHS: Mapping[str, Callable[[int], list[int]]] = {
    "every": every_length,
    "moderate": moderate_lengths,
    "few": few_lengths,
    "matrix": matrix_lengths,
    "point": point_lengths,
}
FEW = frozenset((1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64, 65, 129, 257, 400, 1000, 1024, 4096, 4097, LONGEST))
MANY = 130  # all lengths below it are among the many


def planned(lengths: str, seed: int, effort: Effort = STANDARD) -> list[int]:
    """The lengths of rows that an effort visits, of one of the lists of `LENGTHS`.

    Few are some of the list, but all of points: a function may take one length alone. Many are the list, every length
    below `MANY` as far as the list goes, and all three around each power of two. For what is compiled they are those of
    `shapes.COMPILED_ROWS` that the list has. A list may be one number, as "784".
    """
    if lengths.isdecimal():
        return [int(lengths)]
    chosen = LENGTHS[lengths](seed)
    if effort.lengths == "few" and lengths != "point":
        return [n for n in chosen if n in FEW]
    if effort.lengths == "compiled" and lengths != "point":
        return [n for n in chosen if n in COMPILED_ROWS]
    if effort.lengths == "many":
        around = [p + d for p in POWERS for d in (-1, 0, 1)]
        return sorted({*chosen, *(n for n in (*range(1, MANY), *around) if n <= chosen[-1])})
    return chosen
