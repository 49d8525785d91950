"""Where the free choices of a regime come from: a random generator, or Hypothesis.

A regime is written once against `Draw`. `Sampled` answers for a whole block of rows at NumPy's speed;
`Drawn` answers for a few rows from Hypothesis, which then shrinks every choice by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st

from extremum.reference.arithmetic.formats import Array, Format

T = TypeVar("T")
LONGEST_DRAWN = 16  # longer rows get their entries from a generator with a drawn seed, which shrinks faster


class Draw(Protocol):
    """Choices for `rows` rows of length `n` in format `fmt`; a role of matrices has `m` rows of n in each.

    The results have shape (rows, 1), or (rows, n) with `each`, and broadcast against each other.
    """

    fmt: Format
    rows: int
    n: int
    m: int

    def one_of(self, options: Sequence[T]) -> T:
        """One of `options`, the same for all rows."""
        ...

    def integers(self, low: int, high: int, each: bool = False) -> Array:
        """Integers from `low` to `high`, both included (int64)."""
        ...

    def uniform(self, low: float, high: float, each: bool = False) -> Array:
        """Reals from `low` to `high`, rounded to the format (float64 values)."""
        ...

    def of_length(self, n: int) -> Draw:
        """Further choices from the same source, for rows of length `n`."""
        ...


def pick(draw: Draw, options: Sequence[float], each: bool = False) -> Array:
    """One of the numbers `options` for each row or entry."""
    return np.asarray(options, np.float64)[draw.integers(0, len(options) - 1, each)]


class Sampled:
    """Choices from a NumPy generator."""

    def __init__(self, rng: np.random.Generator, fmt: Format, rows: int, n: int, m: int = 1) -> None:
        self.rng, self.fmt, self.rows, self.n, self.m = rng, fmt, rows, n, m

    def one_of(self, options: Sequence[T]) -> T:
        return options[int(self.rng.integers(len(options)))]

    def integers(self, low: int, high: int, each: bool = False) -> Array:
        return self.rng.integers(low, high, self._shape(each), endpoint=True)

    def uniform(self, low: float, high: float, each: bool = False) -> Array:
        values = low + (high - low) * self.rng.random(self._shape(each))
        return self.fmt.round(values).astype(np.float64)

    def of_length(self, n: int) -> Sampled:
        return Sampled(self.rng, self.fmt, self.rows, n, self.m)

    def _shape(self, each: bool) -> tuple[int, int]:
        return self.rows, self.n if each else 1


class Drawn:
    """Choices from Hypothesis, through the `draw` function of a composite strategy."""

    def __init__(
        self, draw: Callable[[st.SearchStrategy[Any]], Any], fmt: Format, rows: int, n: int, m: int = 1
    ) -> None:
        self.draw, self.fmt, self.rows, self.n, self.m = draw, fmt, rows, n, m

    def one_of(self, options: Sequence[T]) -> T:
        return options[self.draw(st.integers(0, len(options) - 1))]

    def integers(self, low: int, high: int, each: bool = False) -> Array:
        if each and self.n > LONGEST_DRAWN:
            return self._generator().integers(low, high, (self.rows, self.n), endpoint=True)
        return self._values(st.integers(low, high), each, np.int64)

    def uniform(self, low: float, high: float, each: bool = False) -> Array:
        if each and self.n > LONGEST_DRAWN:
            values = low + (high - low) * self._generator().random((self.rows, self.n))
        else:
            values = self._values(st.floats(low, high), each, np.float64)
        return self.fmt.round(values).astype(np.float64)

    def of_length(self, n: int) -> Drawn:
        return Drawn(self.draw, self.fmt, self.rows, n, self.m)

    def _values(self, strategy: st.SearchStrategy[Any], each: bool, dtype: Any) -> Array:
        count = self.rows * (self.n if each else 1)
        values = self.draw(st.lists(strategy, min_size=count, max_size=count))
        return np.asarray(values, dtype).reshape(self.rows, -1)

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng(self.draw(st.integers(0, 2**16)))
