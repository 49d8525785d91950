"""The sweep: whole blocks of rows from every regime, made once and shared by every cell of a dtype.

A block's rows depend on the seed, the dtype and the length alone, so that subjects and properties are
compared on the same inputs, and a row can be made again from these few numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from extremum.properties.draw import Sampled
from extremum.properties.lengths import LONG, LONGEST, MODERATE, every_length, few_lengths, moderate_lengths
from extremum.properties.regimes import MASKED, PLAIN, REGIMES, Regime
from extremum.properties.role import Property
from extremum.reference.formats import Array, format_of
from extremum.reference.wide import Arithmetic, screen_arithmetic

LENGTHS = {"every": every_length, "moderate": moderate_lengths, "few": few_lengths}
BLOCK = 2**14  # entries: a block and its truth in float64 stay in the second-level cache
MANY = 4  # the length of rows of which one block has sixteen times as many
LONG_BLOCK = 2**17  # beyond MODERATE: one to eight rows
MASKED_ROWS = 8  # rows of one mask regime share the columns that are masked

Formula = Callable[[Array, Arithmetic], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of one length: `x` (rows, n), and for each row its regime and its number within that regime."""

    x: Array
    regimes: tuple[str, ...]
    numbers: tuple[int, ...]
    seed: int

    @cached_property
    def magnitudes(self) -> Array:
        """The largest finite magnitude of each row (float64)."""
        x = np.abs(self.x.astype(np.float64))
        return np.asarray(np.where(np.isfinite(x), x, 0.0).max(axis=1))

    def recipe(self, row: int) -> dict[str, Any]:
        """What restores this row bit for bit."""
        name = self.regimes[row]
        of = self.regimes.count(name)
        return {"regime": name, "seed": self.seed, "n": int(self.x.shape[1]), "of": of, "row": self.numbers[row]}


def blocks(prop: Property, dtype: str, seed: int, chosen: tuple[str, ...] | None) -> Iterator[Block]:
    """The blocks of a property: one of each length, or of each length and each masked regime."""
    for n in LENGTHS[prop.lengths](seed):
        if prop.masked:
            for regime in MASKED:
                if chosen is None or regime.name in chosen:
                    yield block(dtype, n, min(prop.rows, MASKED_ROWS), seed, (regime.name,))
        else:
            names = tuple(r.name for r in _for_length(n) if chosen is None or r.name in chosen)
            if names:
                yield block(dtype, n, prop.rows * (16 if n == MANY else 1), seed, names)


@lru_cache(maxsize=1024)
def block(dtype: str, n: int, rows: int, seed: int, names: tuple[str, ...]) -> Block:
    """About `rows` rows of length n from the named regimes, as many as a block has room for."""
    room = max(min(rows, (BLOCK if n <= MODERATE else LONG_BLOCK) // n), 1)
    if room < len(names):  # as many regimes as there is room for; which, changes with the length
        turn = np.random.default_rng([seed, n]).permutation(len(names))[:room]
        names = tuple(names[i] for i in sorted(turn))
    each = max(room // len(names), 1)
    x = np.concatenate([_rows(REGIMES[name], dtype, n, each, seed) for name in names])
    x.flags.writeable = False
    return Block(x, tuple(name for name in names for _ in range(each)), tuple(range(each)) * len(names), seed)


@lru_cache(maxsize=256)
def truth(formula: Formula, made: Block, dtype: str) -> tuple[Any, Any]:
    """The truth of a block's rows in the arithmetic that screens its dtype; shared by the cells of the dtype."""
    return formula(made.x, screen_arithmetic(format_of(dtype)))


def restore(recipe: Mapping[str, Any], dtype: str) -> Array:
    """The row that `Block.recipe` describes, of shape (1, n)."""
    regime, row = REGIMES[recipe["regime"]], int(recipe["row"])
    return _rows(regime, dtype, int(recipe["n"]), int(recipe["of"]), int(recipe["seed"]))[row : row + 1]


def _for_length(n: int) -> Sequence[Regime]:
    if n >= LONGEST:  # one row: that whose sum leaves the range of float16
        return [REGIMES["all-equal"]]
    return PLAIN if n <= LONG else [r for r in PLAIN if r.long]


def _rows(regime: Regime, dtype: str, n: int, rows: int, seed: int) -> Array:
    rng = np.random.default_rng([seed, n, regime.number])
    return regime.fill(Sampled(rng, format_of(dtype), rows, n))
