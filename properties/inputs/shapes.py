"""Shape plans: the shapes and layouts that every run visits, whatever its seed.

Their values are what kernels are made of: one, two, small odd numbers, and both sides of the sizes of blocks. A plan
combines them as a covering array: every pair of values of two factors occurs in some call, where that call has at most
`CALL_ENTRIES`; `left_out` lists the pairs that do not. Larger values occur once, with short rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from math import prod
from typing import Any

from extremum.properties.values.signature import Signature
from extremum.reference.subjects.adapters import EVERY_LAYOUT

LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 255, 256, 257)
ROWS = (1, 2, 31, 32, 33, 64, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 4097)
MANY_ROWS = (65_535, 65_536, 65_537, 2**17)  # of two entries
DIMENSIONS = (1, 2, 3, 16, 17, 33, 64, 65, 257)  # before the rows and behind them
LONG_DIMENSIONS = (65_535, 65_536, 65_537)  # behind rows of two entries
CALL_ENTRIES = 2**20
VECTOR_LAYOUTS = ("reversed", "sliced", "offset", "read-only", "byte-swapped")
# How the dimensions before the rows (a), the rows themselves (n) and those behind them (b) make the shape of an array.
FORMS: Mapping[str, Callable[[int, int, int], tuple[tuple[int, ...], int]]] = {
    "a n b": lambda a, n, b: ((a, n, b), 1),
    "n b a": lambda a, n, b: ((n, b, a), 0),
    "a b n": lambda a, n, b: ((a, b, n), 2),
    "1 a n b": lambda a, n, b: ((1, a, n, b), 2),
    "a n b 1": lambda a, n, b: ((a, n, b, 1), 1),
    "a 1 b 1 n": lambda a, n, b: ((a, 1, b, 1, n), 4),
    "1 1 n b a": lambda a, n, b: ((1, 1, n, b, a), 2),
}

Factors = Mapping[str, Sequence[Any]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """The shape of one array, the axis that its rows lie along, and the layouts of the arguments."""

    shape: tuple[int, ...]
    axis: int = -1
    layout: str = "C"

    @property
    def n(self) -> int:
        """The length of a row."""
        return self.shape[self.axis]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return prod(self.shape) // self.n


def covering(factors: Factors, fits: Callable[[Row], bool]) -> list[Row]:
    """Rows of one value of each factor in which every pair of values of two factors occurs that fits in some row.

    Greedy: each row begins with a pair that is missing, and takes for each further factor the value with which it has
    the most pairs that are missing, the first of these where there are several. A pair that no row fits is left out.
    """
    missing = dict.fromkeys(
        (a, u, b, v) for a, b in combinations(factors, 2) for u, v in product(factors[a], factors[b])
    )
    rows = []
    while missing:
        a, u, b, v = next(iter(missing))
        smallest = {name: values[0] for name, values in factors.items()}
        row: Row = {a: u, b: v}
        if not fits({**smallest, **row}):
            del missing[a, u, b, v]
            continue
        for name in (name for name in factors if name not in row):
            options = [value for value in factors[name] if fits({**smallest, **row, name: value})]
            row[name] = max(options, key=lambda value: len(_pairs({**row, name: value}, factors) & missing.keys()))
        for pair in _pairs(row, factors):
            missing.pop(pair, None)
        rows.append({name: row[name] for name in factors})
    return rows


def left_out(factors: Factors, rows: Sequence[Row]) -> list[tuple[str, Any, str, Any]]:
    """The pairs of values of two factors that occur in no row."""
    seen = {pair for row in rows for pair in _pairs(row, factors)}
    pairs = ((a, u, b, v) for a, b in combinations(factors, 2) for u, v in product(factors[a], factors[b]))
    return [pair for pair in pairs if pair not in seen]


def _pairs(row: Row, factors: Factors) -> set[tuple[str, Any, str, Any]]:
    return {(a, row[a], b, row[b]) for a, b in combinations([name for name in factors if name in row], 2)}


BATCH: Factors = {"rows": ROWS, "n": LENGTHS}
AXES: Factors = {"a": DIMENSIONS, "n": LENGTHS, "b": DIMENSIONS, "form": tuple(FORMS), "from the end": (False, True)}
LAYOUTS: Factors = {"layout": EVERY_LAYOUT[1:], "n": LENGTHS, "rows": (2, 3, 17, 64, 129)}


@lru_cache(maxsize=1)
def batches() -> list[Place]:
    """Matrices of every number of rows, with every length of a row."""
    rows = covering(BATCH, lambda row: row["rows"] * row["n"] <= CALL_ENTRIES)
    return _sorted([Place((row["rows"], row["n"])) for row in rows] + [Place((many, 2)) for many in MANY_ROWS])


@lru_cache(maxsize=1)
def axes() -> list[Place]:
    """Arrays of three to five dimensions, with rows along any of them, counted from either end; and single rows."""
    rows = covering(AXES, lambda row: row["a"] * row["n"] * row["b"] <= CALL_ENTRIES)
    places = []
    for row in rows:
        shape, axis = FORMS[row["form"]](row["a"], row["n"], row["b"])
        places.append(Place(shape, axis - len(shape) if row["from the end"] else axis))
    images = [Place((1,) * ones + (n,)) for n in LENGTHS for ones in range(4)]
    return _sorted([*places, *images, *(Place((2, long), 0) for long in LONG_DIMENSIONS)])


@lru_cache(maxsize=1)
def layouts() -> list[Place]:
    """Matrices in every layout."""
    rows = covering(LAYOUTS, lambda row: row["rows"] * row["n"] <= CALL_ENTRIES)
    return _sorted([Place((row["rows"], row["n"]), layout=row["layout"]) for row in rows])


@lru_cache(maxsize=16)
def _each_layout(ranks: tuple[int, ...]) -> list[Place]:
    options = {0: ("C",), 1: ("C", *VECTOR_LAYOUTS), 2: EVERY_LAYOUT}
    factors: Factors = {"n": LENGTHS, **{str(i): options[rank] for i, rank in enumerate(ranks)}}
    rows = covering(factors, lambda _row: True)
    named = ((row["n"], [row[str(i)] for i in range(len(ranks))]) for row in rows)
    return _sorted([Place((n,), layout=",".join(names)) for n, names in named if {*names} != {"C"}])


def each_layout(signature: Signature) -> list[Place]:
    """The arguments of a call for one row, each in every layout, every two of them in every two layouts."""
    return _each_layout(tuple(signature.inputs.values()))


def _sorted(places: Sequence[Place]) -> list[Place]:
    return sorted(places, key=lambda place: prod(place.shape))
