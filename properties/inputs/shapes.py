"""Shape plans: the shapes and layouts that every run visits, whatever its seed.

Their values are what kernels are made of: one, two, small odd numbers, and both sides of the sizes of blocks. A plan
combines them as a covering array: every pair of values of two factors occurs in some call, where that call has at most
`CALL_ENTRIES`; `left_out` lists the pairs that do not. Larger values occur once, with short rows. A covering array of
strength 1 has every value in some call; one of strength 3 has every three values of three factors besides the pairs,
where their call has at most `CALL_ENTRIES_OF_THREE`. In place of strength 0 stands the set of what compiles for every
shape: `COMPILED_ROWS` and `COMPILED_PLACES`, 24 shapes together.
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
CALL_ENTRIES_OF_THREE = 2**13
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

# What compiles for every shape is called with these 24 shapes alone. The numbers of rows, by their length:
COMPILED_ROWS: Mapping[int, tuple[int, ...]] = {
    1: (257,),
    2: (2048, 16_384),
    3: (2, 129),
    4: (4097,),
    7: (255,),
    17: (1025,),
    33: (1023,),
    129: (127,),
    1024: (33,),
    4097: (16,),
    50_257: (1, 2),
}
OTHER_ROWS = (2, 129)  # of a length that is the only one that it takes
Factors = Mapping[str, Sequence[Any]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """The shape of one array, the axis that its rows lie along, the layouts of the arguments.

    `before`: the shape of the array of another call, which goes before.
    """

    shape: tuple[int, ...]
    axis: int = -1
    layout: str = "C"
    before: tuple[int, ...] | None = None

    @property
    def n(self) -> int:
        """The length of a row."""
        return self.shape[self.axis]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return prod(self.shape) // self.n


# Arrays of one to five dimensions: those of the trial call; the axis first, in the middle, counted from either end.
COMPILED_PLACES = (
    Place((3,)),
    Place((1, 2, 3)),
    Place((1, 1, 2, 3)),
    Place((1, 1, 1, 2, 3)),
    Place((4, 1024, 17), 1),
    Place((2, 65_537, 1), 0),
    Place((1, 3, 17, 257), -2),
    Place((16, 4, 17, 1), -3),
    Place((65, 1, 2, 1, 33)),
    Place((1, 1, 129, 3, 2), 2),
)
COMPILED_PAIRS = ((2, 3), (1025, 17), (127, 129), (1, 50_257))  # shapes that are called before and after each other


def covering(factors: Factors, fits: Callable[[Row], bool], strength: int = 2) -> list[Row]:
    """Rows of one value of each factor in which all values of any `strength` factors occur together, if they fit.

    Greedy: each row begins with values that are missing, and takes for each further factor the value with which it has
    the most that are missing, the first of these where there are several. What no row fits is left out.
    """
    missing = dict.fromkeys(
        tuple(zip(names, values, strict=True))
        for names in combinations(factors, min(strength, len(factors)))
        for values in product(*(factors[name] for name in names))
    )
    rows = []
    while missing:
        first = next(iter(missing))
        smallest = {name: values[0] for name, values in factors.items()}
        row: Row = dict(first)
        if not fits({**smallest, **row}):
            del missing[first]
            continue
        for name in (name for name in factors if name not in row):
            options = [value for value in factors[name] if fits({**smallest, **row, name: value})]
            met = {value: len(_together({**row, name: value}, factors, strength) & missing.keys()) for value in options}
            row[name] = max(options, key=met.__getitem__)
        for values in _together(row, factors, strength):
            missing.pop(values, None)
        rows.append({name: row[name] for name in factors})
    return rows


def left_out(factors: Factors, rows: Sequence[Row], strength: int = 2) -> list[tuple[tuple[str, Any], ...]]:
    """The values of so many factors, each with the factor's name, that occur together in no row."""
    seen = {values for row in rows for values in _together(row, factors, strength)}
    return [
        pairs
        for names in combinations(factors, strength)
        for values in product(*(factors[name] for name in names))
        if (pairs := tuple(zip(names, values, strict=True))) not in seen
    ]


def _together(row: Row, factors: Factors, strength: int) -> set[tuple[tuple[str, Any], ...]]:
    known = [(name, row[name]) for name in factors if name in row]
    return {*combinations(known, min(strength, len(factors)))}


def planned(factors: Factors, entries: Callable[[Row], int], strength: int) -> list[Row]:
    """The rows of a plan of this strength, whose calls have so many entries."""
    rows = covering(factors, lambda row: entries(row) <= CALL_ENTRIES, min(max(strength, 1), 2))
    if strength > 2:
        rows += covering(factors, lambda row: entries(row) <= CALL_ENTRIES_OF_THREE, strength)
    return list({tuple(row.values()): row for row in rows}.values())


BATCH: Factors = {"rows": ROWS, "n": LENGTHS}
AXES: Factors = {"a": DIMENSIONS, "n": LENGTHS, "b": DIMENSIONS, "form": tuple(FORMS), "from the end": (False, True)}
LAYOUTS: Factors = {"layout": EVERY_LAYOUT[1:], "n": LENGTHS, "rows": (2, 3, 17, 64, 129)}

PAIR_ENTRIES = 2**17  # of one call
PAIRS: Factors = {
    "rows": (1, 2, 17, 129, 4097),
    "n": (1, 2, 5, 17, 64, 257),
    "rows before": (1, 2, 17, 129, 4097),
    "n before": (1, 2, 5, 17, 64, 257),
}


@lru_cache
def batches(strength: int = 2) -> list[Place]:
    """Matrices of every number of rows, with every length of a row."""
    if not strength:
        return [Place((many, n)) for n, counts in COMPILED_ROWS.items() for many in counts]
    rows = planned(BATCH, lambda row: row["rows"] * row["n"], strength)
    return _sorted([Place((row["rows"], row["n"])) for row in rows] + [Place((many, 2)) for many in MANY_ROWS])


@lru_cache
def axes(strength: int = 2) -> list[Place]:
    """Arrays of three to five dimensions, with rows along any of them, counted from either end; and single rows."""
    if not strength:
        return [*COMPILED_PLACES]
    places = []
    for row in planned(AXES, lambda row: row["a"] * row["n"] * row["b"], strength):
        shape, axis = FORMS[row["form"]](row["a"], row["n"], row["b"])
        places.append(Place(shape, axis - len(shape) if row["from the end"] else axis))
    images = [Place((1,) * ones + (n,)) for n in LENGTHS for ones in range(4)]
    return _sorted([*places, *images, *(Place((2, long), 0) for long in LONG_DIMENSIONS)])


@lru_cache
def layouts(strength: int = 2) -> list[Place]:
    """Matrices in every layout."""
    if not strength:
        return [Place((COMPILED_ROWS[3][-1], 3), layout=layout) for layout in EVERY_LAYOUT[1:]]
    rows = planned(LAYOUTS, lambda row: row["rows"] * row["n"], strength)
    return _sorted([Place((row["rows"], row["n"]), layout=row["layout"]) for row in rows])


@lru_cache
def _each_layout(ranks: tuple[int, ...], strength: int) -> list[Place]:
    options = {0: ("C",), 1: ("C", *VECTOR_LAYOUTS), 2: EVERY_LAYOUT}
    factors: Factors = {"n": LENGTHS, **{str(i): options[rank] for i, rank in enumerate(ranks)}}
    named = ((row["n"], [row[str(i)] for i in range(len(ranks))]) for row in planned(factors, lambda _: 1, strength))
    places = _sorted([Place((n,), layout=",".join(names)) for n, names in named if {*names} != {"C"}])
    return places if strength else [place for place in places if place.n in COMPILED_ROWS]


def each_layout(signature: Signature, strength: int = 2) -> list[Place]:
    """The arguments of a call for one row, each in every layout, every two of them in every two layouts."""
    return _each_layout(tuple(signature.inputs.values()), strength)


@lru_cache
def _pairs_of(batched: bool, strength: int) -> list[Place]:
    if not strength:
        shapes = COMPILED_PAIRS if batched else [(1, n) for _, n in COMPILED_PAIRS]
        return [Place(shape, before=other) for shape in shapes for other in shapes if shape != other]
    names = [name for name in PAIRS if batched or name.startswith("n")]

    def entries(row: Row) -> int:
        return max(row.get("rows", 1) * row["n"], row.get("rows before", 1) * row["n before"])

    rows = covering({name: PAIRS[name] for name in names}, lambda row: entries(row) <= PAIR_ENTRIES, strength)
    places = [((row.get("rows", 1), row["n"]), (row.get("rows before", 1), row["n before"])) for row in rows]
    return _sorted([Place(shape, before=before) for shape, before in places if shape != before])


def pairs(signature: Signature, strength: int = 2) -> list[Place]:
    """Calls after a call of another shape: small ones after large ones, and large ones after small ones."""
    return _pairs_of(signature.batched, strength)


def _sorted(places: Sequence[Place]) -> list[Place]:
    """The places, the small ones first."""
    return sorted(places, key=lambda place: prod(place.shape))
