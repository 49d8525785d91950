"""A case: the arguments of one experiment, kept without loss."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array

WRITTEN_OUT = 64  # entries that are always written one by one; longer arrays as runs, or as their recipe
LARGEST_RUNS = 1024
DISTINCT = 7  # rows that differ, of which a large array is made by repeating them: odd, so that no block begins alike


@dataclass(frozen=True)
class Case:
    """Arguments by name, and the layout in memory that they are presented in: of all, or "C,reversed" of each in turn.

    The arguments of a role that is called row by row are rows of arguments, under one leading axis. `recipe` tells
    how the sweep made the arguments of the role, where that restores them bit for bit: seed, n, regime, row.
    """

    arguments: Mapping[str, Array]
    layout: str = "C"
    recipe: Mapping[str, Any] | None = None

    @property
    def x(self) -> Array:
        """The first argument, C-contiguous."""
        return next(iter(self.arguments.values()))

    @property
    def axis(self) -> int:
        """The axis that the rows lie along; the last unless the case says otherwise."""
        return int(self.arguments["axis"]) if "axis" in self.arguments else -1

    @property
    def size(self) -> int:
        """Entries in all arguments: the measure of simplicity."""
        return sum(a.size for a in self.arguments.values())

    def number(self, name: str) -> int:
        """The integer argument `name`."""
        return int(self.arguments[name])


def integer(value: int) -> Array:
    """An integer argument, as the 0-d array that a witness records."""
    return np.asarray(value, np.int64)


def encode(case: Case) -> dict[str, Any]:
    """The arguments as JSON: dtype, shape, layout, and values as C99 hex floats.

    Long arrays are kept as runs of equal values, as what they repeat, or as their recipe with a checksum.
    """
    names = case.layout.split(",") if "," in case.layout else [case.layout] * len(case.arguments)
    named = dict(zip(case.arguments, names, strict=False))  # an axis, or a direction, has none
    return {name: _encode(name, a, case, named.get(name, "C")) for name, a in case.arguments.items()}


def recipe_of(record: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The recipe in a record of arguments, as `Case.recipe` has it."""
    named = [name for name, argument in record.items() if "recipe" in argument]
    return {**record[named[0]]["recipe"], "arguments": named} if named else None


def _encode(name: str, a: Array, case: Case, layout: str) -> dict[str, Any]:
    head: dict[str, Any] = {
        "dtype": a.dtype.name,
        "shape": list(a.shape),
        "layout": layout if a.ndim and a.dtype.kind not in "iu" else "C",
    }
    if a.dtype.kind in "iub":
        return {**head, "values": [str(int(v)) for v in a.ravel().tolist()]}
    flat = a.astype(np.float64).ravel()
    if flat.size <= WRITTEN_OUT:
        return {**head, "values": [v.hex() for v in flat.tolist()]}
    starts = np.flatnonzero(np.r_[True, a.ravel()[1:].view(_bits(a)) != a.ravel()[:-1].view(_bits(a))])
    if starts.size <= min(LARGEST_RUNS, flat.size // 2):
        counts = np.diff(np.r_[starts, flat.size])
        return {
            **head,
            "runs": [[flat[i].hex(), int(c)] for i, c in zip(starts.tolist(), counts.tolist(), strict=True)],
        }
    if case.recipe is not None and name in case.recipe["arguments"]:
        recipe = {key: value for key, value in case.recipe.items() if key != "arguments"}
        return {**head, "recipe": {**recipe, "argument": name}, "sha256": checksum(a)}
    rows = np.moveaxis(a, case.axis, -1).ravel() if a.ndim == case.x.ndim else a.ravel()
    tile = DISTINCT * a.shape[case.axis] if a.ndim == case.x.ndim else 0
    if 0 < tile < a.size and rows[tile:].tobytes() == rows[:-tile].tobytes():
        return {**head, "tile": [v.hex() for v in rows[:tile].astype(np.float64).tolist()], "along": case.axis}
    return {**head, "values": [v.hex() for v in flat.tolist()]}


def with_last(shape: Sequence[int], along: int) -> tuple[int, ...]:
    """The shape with the axis `along`, which the rows of a tile lie along, moved to its end."""
    others = list(shape)
    length = others.pop(along)
    return *others, length


def checksum(a: Array) -> str:
    """SHA-256 of the bytes in C order."""
    return hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()


def _bits(a: Array) -> np.dtype[Any]:
    return np.dtype(f"u{a.dtype.itemsize}")
