"""Blocks: the rows of the sweep, from every regime, made once and shared by every cell of a dtype.

A block's rows depend on the seed, the dtype and the length alone, so that subjects and properties are
compared on the same inputs, and a row can be made again from these few numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from extremum.properties.inputs.draw import Draw, Sampled
from extremum.properties.inputs.effort import STANDARD, Effort
from extremum.properties.inputs.lengths import (
    COMPILED_LENGTHS,
    FEW_PLACES,
    LONG,
    LONGEST,
    MODERATE,
    TAILED,
    VOCABULARIES,
    planned,
    tail_places,
)
from extremum.properties.inputs.regimes import Regime, spikes
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.profile import bins_of
from extremum.properties.values.signature import Arguments, Shape, first
from extremum.reference.arithmetic.formats import Array, format_of
from extremum.reference.errors import UsageError

BLOCK_ENTRIES = 2**14  # a block and its truth in float64 stay in the second-level cache
LONG_BLOCK_ENTRIES = 2**17  # of rows longer than `MODERATE`: one to eight rows
# The block of rows of 4 has so many times the rows of others; so has that of 2, from which the climb goes on.
MANY_TIMES = 16
VOCABULARY_REGIMES = 2  # besides rows with one large entry
MASKED_ROWS = 8  # at most, since all rows of a mask regime have the same columns masked

Maker = Callable[[Draw, Regime], Arguments]


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of arguments of one length, and for each row its regime and its number within that regime.

    Rows without numbers cannot be restored from a recipe.
    """

    arguments: Arguments
    regimes: tuple[str, ...]
    numbers: tuple[int, ...]
    seed: int
    m: int = 1

    @cached_property
    def x(self) -> Array:
        """The first argument, shape (rows, n)."""
        return first(self.arguments)

    @cached_property
    def bins(self) -> Array:
        """The bin in a profile of the largest finite magnitude of each row of the first argument."""
        x = self.x.reshape(len(self.x), -1)
        return bins_of(np.abs(x).max(axis=1, where=np.isfinite(x), initial=0).astype(np.float64))

    @cached_property
    def ordinary(self) -> int:
        """The number of an ordinary row, whose regime is that of normal deviates as well."""
        return self.regimes.index("ordinary") if "ordinary" in self.present else 0

    @cached_property
    def present(self) -> frozenset[str]:
        """The regimes of the rows."""
        return frozenset(self.regimes)

    def recipe(self, row: int) -> dict[str, Any]:
        """What restores this row bit for bit."""
        name = self.regimes[row]  # a regime draws all its rows from one generator: `of` says how many
        of = self.regimes.count(name)
        shape = {"n": int(self.x.shape[-1])} | ({"m": self.m} if self.m > 1 else {})
        return {"regime": name, "seed": self.seed, **shape, "of": of, "row": self.numbers[row]}


def block(
    make: Maker, dtype: str, shape: Shape, rows: int, width: int, seed: int, regimes: tuple[Regime, ...]
) -> Block:
    """About `rows` rows from these regimes, as many as a block has room for with arrays of `width`.

    `shape` is (m, n): n is the length of a row, m how many a matrix has.
    """
    m, n = shape
    room = max(min(rows, (BLOCK_ENTRIES if n <= MODERATE and m == 1 else LONG_BLOCK_ENTRIES) // width), 1)
    if room < len(regimes):
        # A long block has room for some regimes only. Which ones changes with the length, so that each gets its turn.
        turn = np.random.default_rng([seed, *([m] if m > 1 else []), n]).permutation(len(regimes))[:room]
        regimes = tuple(regimes[i] for i in sorted(turn))
    each = max(room // len(regimes), 1)
    parts = [_rows(make, regime, dtype, shape, each, seed) for regime in regimes]
    arguments = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for a in arguments.values():
        a.flags.writeable = False  # all cells share it: a call gets a copy
    names = tuple(regime.name for regime in regimes for _ in range(each))
    numbers = tuple(range(each)) * len(regimes) if all(regime.drawn for regime in regimes) else ()
    return Block(arguments, names, numbers, seed, m)


def blocks(
    role: Role,
    prop: Property,
    dtype: str,
    seed: int,
    chosen: tuple[str, ...] | None,
    make: Callable[..., Block] = block,
    effort: Effort = STANDARD,
) -> Iterator[Block]:
    """The blocks of a property: one of each length, or of each length and each masked regime."""
    regimes = [r for r in role.regimes if r.masked == prop.masked and (chosen is None or r.name in chosen)]
    limit = min(prop.rows, role.rows) * effort.times
    often = (2, 4) if role.signature.batched and role.signature.one_row else (4,)
    lengths = lengths_of(role, prop, seed, effort)
    for n, m in ((length, height) for length in lengths for height in role.heights(length)):
        width = role.signature.entries(m, n)
        if prop.masked:
            for regime in regimes:
                yield make(role.arguments, dtype, (m, n), min(limit, MASKED_ROWS), width, seed, (regime,))
        elif now := _for_length(regimes, n):
            rows = min(limit * (MANY_TIMES if n in often else 1), effort.rows)
            yield make(role.arguments, dtype, (m, n), int(rows), width, seed, tuple(now))
    if prop.pointwise and chosen is None and "one-dominant" in {regime.name for regime in role.regimes}:
        yield from tail_blocks(role, dtype, seed, make, effort)


def lengths_of(role: Role, prop: Property, seed: int, effort: Effort) -> list[int]:
    """The lengths of the rows that the sweep of a property visits."""
    return [n for n in planned(prop.lengths, seed, effort) if n <= (prop.longest or role.longest)]


def entries_of(role: Role, prop: Property, seed: int, effort: Effort = STANDARD) -> int:
    """About how many entries the plan of a property has in one dtype: a measure of what its cell costs."""
    swept = 0
    for one in role.swept(prop):
        widths = [role.signature.entries(m, n) for n in lengths_of(role, one, seed, effort) for m in role.heights(n)]
        swept += sum(max(min(one.rows, role.rows) * width, BLOCK_ENTRIES if prop.pointwise else 0) for width in widths)
    places = prop.places(role.signature, effort.strength) if prop.places else ()
    return swept + sum(place.rows * place.n for place in places)


def tail_blocks(
    role: Role, dtype: str, seed: int, make: Callable[..., Block] = block, effort: Effort = STANDARD
) -> Iterator[Block]:
    """Rows whose one large entry stands where a kernel may forget it, of lengths up to those of vocabularies.

    Rows of a vocabulary's length come from some regimes of long rows too; with little effort from one place alone.
    """
    few = COMPILED_LENGTHS if effort.lengths == "compiled" else frozenset((*TAILED, *VOCABULARIES))
    for n in (n for n in TAILED if n <= role.longest and n in few):
        count, width = len(tail_places(n)), role.signature.entries(1, n)
        for place in range(0, count, max(min(count, BLOCK_ENTRIES // width), 1)):
            rows = min(count - place, max(BLOCK_ENTRIES // width, 1))
            yield make(role.arguments, dtype, (1, n), rows, width, seed, (spikes(place),))
    whole = effort.strength > 1
    spread = [r for r in role.regimes if r.long and not r.masked][: VOCABULARY_REGIMES if whole else 0]
    for n in (n for n in VOCABULARIES if n <= role.longest and n in few):
        for regime in (*map(spikes, range(FEW_PLACES if whole else 1)), *spread):
            yield make(role.arguments, dtype, (1, n), 1, role.signature.entries(1, n), seed, (regime,))


def restore(recipe: Mapping[str, Any], dtype: str) -> Array:
    """The rows of the argument that a recipe describes (`Block.recipe`, with `role` and `argument`): shape (1, ...)."""
    role = role_named(recipe["role"])
    regime, row = role.regime_named(recipe["regime"]), int(recipe["row"])
    if regime is None:
        raise UsageError(f"regime={recipe['regime']!r} is not one of role {role.name}")
    shape = int(recipe.get("m", 1)), int(recipe["n"])
    rows = _rows(role.arguments, regime, dtype, shape, int(recipe["of"]), int(recipe["seed"]))
    return rows[recipe["argument"]][row : row + 1]


def _for_length(regimes: Sequence[Regime], n: int) -> Sequence[Regime]:
    if n >= LONGEST:
        # There is room for one row, and of all regimes equal entries show most: their sum leaves the range of float16.
        return [r for r in regimes if r.name == "all-equal"] or regimes
    return regimes if n <= LONG else [r for r in regimes if r.long]


def _rows(make: Maker, regime: Regime, dtype: str, shape: Shape, rows: int, seed: int) -> Arguments:
    m, n = shape
    # A generator for each regime and shape, so that a row is made again without any other regime's.
    rng = np.random.default_rng([seed, *([m] if m > 1 else []), n, regime.number])
    return make(Sampled(rng, format_of(dtype), rows, n, m), regime)
