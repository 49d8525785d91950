"""Row lengths: every one to 33, around every power of two to 2**17, and some drawn between."""

from __future__ import annotations

import numpy as np

SHORT = tuple(range(1, 34))
POWERS = tuple(2**k for k in range(6, 18))
LONG = 2**10  # beyond it, rows are few and come from the regimes that are made for length
MODERATE = 2**13
NEIGHBOURED = 2**11
LONGEST = POWERS[-1]
PEOPLES = (48, 50, 96, 100, 192, 384, 500, 768, 1000, 1536, 3072, 10000, 50257)  # heads, widths, classes, vocabularies
DRAWN = 8


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
