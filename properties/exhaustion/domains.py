"""Finite domains of rows, numbered from 0.

| domain | rows | of |
|---|---|---|
| `gaps` | (d, 0) for every finite d >= 0 | 8 and 16 bits, and float32: 2,139,095,040 rows |
| `pairs` | (a, b) for all finite a and b | 8 and 16 bits: 4,030,726,144 rows of float16 |
| `all` | (x) for every finite x, of a function of single entries | 8 and 16 bits, and float32: 4,278,190,080 rows |

Where a function of single entries takes a cotangent too, `all` is every x for each of `COTANGENTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from extremum.properties.model.role import Role
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.errors import UsageError, nearest

COTANGENTS = (1.0, -3.0, 0.1)


@dataclass(frozen=True)
class Domain:
    """A finite domain of rows of `length` entries: `size(fmt)` of them; `rows(fmt, start, stop)` makes some.

    It is of roles that `takes` says, and scanned `times` blocks at a time. Where it is `ordered`, the numbers of a
    block follow each other on the number line, and have one sign. The rows stand beside each of the `cotangents`, where
    there are some, one after the other.
    """

    name: str
    text: str
    bits: int
    length: int
    size: Callable[[Format], int]
    rows: Callable[[Format, int, int], Array]
    takes: Callable[[Role], bool] = lambda role: role.signature.one_row
    ordered: bool = False
    times: int = 1  # where most blocks are one answer throughout, which costs no memory: measured, of 1 to 4
    cotangents: Sequence[float] = ()

    def of(self, role: Role) -> Domain:
        """The domain as the role's function takes it: beside cotangents, where that is a function of single entries."""
        if not (self.ordered and "g" in role.signature.inputs):
            return self
        size, rows, count = self.size, self.rows, len(COTANGENTS)

        def beside(fmt: Format, start: int, stop: int) -> Array:
            once = size(fmt)
            turns = range(start // once, -(-stop // once))
            return np.concatenate(
                [rows(fmt, max(start - k * once, 0), min(stop - k * once, once)) for k in turns] or [rows(fmt, 0, 0)]
            )

        text = f"{self.text}, for g of {', '.join(f'{g:g}' for g in COTANGENTS)}"
        return replace(self, text=text, size=lambda fmt: count * size(fmt), rows=beside, cotangents=COTANGENTS)

    def arguments(self, fmt: Format, start: int, stop: int) -> dict[str, Array]:
        """The rows of a span as arguments of a function."""
        x = self.rows(fmt, start, stop)
        if not self.cotangents:
            return {"x": x}
        turns = np.arange(start, stop) // (self.size(fmt) // len(self.cotangents))
        return {"x": x, "g": fmt.round(np.array(self.cotangents))[turns][:, None]}

    def blocks(self, fmt: Format, span: tuple[int, int], block: int) -> list[tuple[int, int]]:
        """The span in parts of at most `block` rows; none of an ordered domain has rows of both signs."""
        start, stop = span
        of_one_sign = self.size(fmt) // (2 * max(len(self.cotangents), 1)) if self.ordered else self.size(fmt)
        inside = range((start // of_one_sign + 1) * of_one_sign, stop, of_one_sign)
        ends = [start, *inside, stop]
        return [(i, min(i + block, high)) for low, high in pairwise(ends) for i in range(low, high, block)]


def gaps(fmt: Format, start: int, stop: int) -> Array:
    """(d, 0), in order of d."""
    rows = np.zeros((stop - start, 2), fmt.dtype)
    rows[:, 0] = np.arange(start, stop).astype(fmt.bits).view(fmt.dtype)
    return rows


def pairs(fmt: Format, start: int, stop: int) -> Array:
    """(a, b), in order of the magnitude of a and then of b; zeros of both signs among them."""
    values = _finite(fmt)
    first, second = np.divmod(np.arange(start, stop), len(values))
    rows = np.empty((stop - start, 2), fmt.dtype)
    rows[:, 0], rows[:, 1] = values[first], values[second]
    return rows


def every(fmt: Format, start: int, stop: int) -> Array:
    """(x): 0 and the positive numbers in order, then -0 and the negative ones, in order of their magnitude."""
    half, negative = fmt.largest_ordinal + 1, 2 ** (8 * fmt.dtype.itemsize - 1)
    parts = [(start, min(stop, half)), (max(start, half) - half + negative, stop - half + negative)]
    unsigned = np.dtype(f"u{fmt.dtype.itemsize}")
    patterns = [np.arange(low, high, dtype=np.int64).astype(unsigned) for low, high in parts if low < high]
    return np.concatenate(patterns or [np.empty(0, unsigned)]).view(fmt.dtype)[:, None]


@lru_cache(maxsize=8)
def _finite(fmt: Format) -> Array:
    """All finite values, in order of their magnitude: 0, -0, the smallest subnormal and its negative, and so on."""
    magnitudes = np.arange(fmt.largest_ordinal + 1).astype(fmt.bits).view(fmt.dtype)
    return np.stack([magnitudes, -magnitudes], axis=1).ravel()


DOMAINS: Mapping[str, Domain] = MappingProxyType(
    {
        d.name: d
        for d in (
            Domain("gaps", "every row (d, 0) with finite d >= 0", 32, 2, lambda f: f.largest_ordinal + 1, gaps),
            Domain(
                "pairs", "every row (a, b) of finite values", 16, 2, lambda f: 4 * (f.largest_ordinal + 1) ** 2, pairs
            ),
            Domain(
                "all",
                "every finite x",
                32,
                1,
                lambda f: 2 * (f.largest_ordinal + 1),
                every,
                lambda role: role.entrywise and {*role.signature.inputs} <= {"x", "g"},
                ordered=True,
                times=2,
            ),
        )
    }
)


def domain_named(name: str) -> Domain:
    """The domain of that name; raises `UsageError` where there is none."""
    if name not in DOMAINS:
        raise UsageError(f"exhaustive={name!r} is no domain: {nearest(name, DOMAINS)}")
    return DOMAINS[name]
