"""The record as a file has it: small. What cells have in common stands once, and long arrays are packed.

Schema 4: `regimes` and `shapes` of a cell are numbers of rows of `plans`; entries of an argument, where they are many,
are its bytes, compressed, as text; and a profile is what a plot can show, of cells with a finding alone. Records of
earlier schemas have all of it written out. To compact what was expanded gives the same record.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from math import floor, log2, prod
from typing import Any

import numpy as np

from extremum.properties.values.case import WRITTEN_OUT
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.errors import UsageError

PLANS = ("regimes", "shapes")
WITNESSES = ("simplest", "worst", "beneath")
PACKED = "packed"
FINE, WIDE = (0, 10), 24  # exponents of two between which a profile has its full resolution, and a coarser one
QUARTER, ONE, EIGHT = 0.25, 1.0, 8.0  # octaves that a point of a profile stands for
LARGEST_EXPONENT = 1016


def compacted(cells: Sequence[Cell]) -> tuple[dict[str, list[Any]], list[dict[str, Any]]]:
    """The plans that the cells share, and the cells with references to them."""
    rows: dict[str, list[Any]] = {name: [] for name in PLANS}
    known: dict[tuple[str, str], int] = {}
    records = []
    for cell in cells:
        record = cell.to_json()
        for name in PLANS:
            if row := record.pop(name, None):
                number = known.setdefault((name, json.dumps(row)), len(rows[name]))
                rows[name] += [row] if number == len(rows[name]) else []
                record[name] = number
        profile = thinned(cell)
        record |= {"profile": profile} if profile else {}
        if not profile:
            record.pop("profile", None)
        records.append(packed_witnesses(record))
    return rows, records


def expanded(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with all written out; raises `UsageError` for a reference or bytes that are not valid."""
    plans = record.get("plans")
    if not isinstance(plans, Mapping):
        raise UsageError("key 'plans' is missing: an object is needed")
    cells = record.get("cells")
    if not isinstance(cells, list):
        raise UsageError("key 'cells' is missing: a list is needed")
    return {**record, "cells": [_expanded(cell, plans, f"cells[{i}]") for i, cell in enumerate(cells)]}


def _expanded(cell: Any, plans: Mapping[str, Any], where: str) -> Any:
    if not isinstance(cell, dict):
        return cell  # what is wrong with it is told by the reader
    whole = dict(cell)
    for name in PLANS:
        if name in cell:
            whole[name] = _referred(cell[name], plans.get(name), f"{where}.{name}")
    whole.setdefault("regimes", [])
    return unpacked_witnesses(whole, where)


def unpacked_witnesses(cell: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A cell as a file has it, with the arguments of its witnesses written out; raises as `unpacked`."""
    whole = dict(cell)
    for name in WITNESSES:
        witness = cell.get(name)
        arguments = witness.get("arguments") if isinstance(witness, dict) else None
        if isinstance(witness, dict) and isinstance(arguments, dict):
            written_out = {x: unpacked(a, f"{where}.{name}.arguments.{x}") for x, a in arguments.items()}
            whole[name] = {**witness, "arguments": written_out}
    return whole


def packed_witnesses(cell: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `unpacked_witnesses`."""
    packed_arguments = {
        name: {**cell[name], "arguments": {x: packed(a) for x, a in cell[name]["arguments"].items()}}
        for name in WITNESSES
        if name in cell
    }
    return {**cell, **packed_arguments}


def _referred(number: Any, rows: Any, where: str) -> Any:
    if not isinstance(rows, list) or type(number) is not int or not 0 <= number < len(rows):
        count = len(rows) if isinstance(rows, list) else 0
        raise UsageError(f"{where}={number!r:.60} is not valid: the number of one of {count} plans is needed")
    return rows[number]


def packed(argument: Mapping[str, Any]) -> dict[str, Any]:
    """An argument with many entries by its bytes: little-endian, in C order, compressed by zlib, in base 64."""
    values = argument.get("values", ())
    if len(values) <= WRITTEN_OUT or argument["dtype"] not in FORMATS:
        return dict(argument)
    flat = np.array([float.fromhex(v) for v in values]).astype(FORMATS[argument["dtype"]].dtype)
    if [float(v).hex() for v in flat] != list(values):  # of a file that someone wrote: it stays as it is
        return dict(argument)
    text = base64.b64encode(zlib.compress(flat.astype(flat.dtype.newbyteorder("<")).tobytes(), 9)).decode()
    return {**{name: value for name, value in argument.items() if name != "values"}, PACKED: text}


def unpacked(argument: Any, where: str) -> Any:
    """The inverse of `packed`; raises `UsageError`, with `where` it stands, for bytes that are not the argument's."""
    if not isinstance(argument, dict) or PACKED not in argument:
        return argument
    rest = {name: value for name, value in argument.items() if name != PACKED}
    dtype, shape = rest.get("dtype"), rest.get("shape")
    whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    if not isinstance(dtype, str) or dtype not in FORMATS or not isinstance(shape, list) or not whole:
        return {**rest, "values": []}  # what is wrong with it is told by the reader
    kind = FORMATS[dtype].dtype
    size = prod(shape) * kind.itemsize
    try:
        raw = zlib.decompressobj().decompress(base64.b64decode(argument[PACKED], validate=True), size + 1)
    except (zlib.error, binascii.Error, TypeError, ValueError) as error:
        raise UsageError(f"{where}.{PACKED} is damaged: {error}") from None
    if len(raw) != size:
        raise UsageError(f"{where}.{PACKED} has {len(raw):,} bytes; shape={shape!r} of {dtype} needs {size:,}")
    flat = np.frombuffer(raw, np.dtype(kind).newbyteorder("<")).astype(np.float64)
    return {**rest, "values": [v.hex() for v in flat.tolist()]}


def thinned(cell: Cell) -> dict[str, list[list[float]]]:
    """The profile of a finding's cell in the resolution of a plot: the largest ratio at each place, in three digits."""
    profile: Mapping[str, Sequence[Sequence[float]]] = cell.profile if cell.found else {}
    magnitude: dict[float, float] = {}
    for x, ratio in profile.get("magnitude", []):
        place = 2.0 ** _exponent(log2(x)) if x > 0 else 0.0
        magnitude[place] = max(magnitude.get(place, 0.0), float(f"{ratio:.3g}"))
    length = [[n, float(f"{ratio:.3g}")] for n, ratio in profile.get("length", [])]
    curves = {"magnitude": [[x, magnitude[x]] for x in sorted(magnitude)], "length": length}
    return {name: curve for name, curve in curves.items() if curve}


def _exponent(octave: float) -> float:
    step = QUARTER if FINE[0] <= octave <= FINE[1] else ONE if abs(octave) <= WIDE else EIGHT
    return min(floor(octave / step + 0.5) * step, LARGEST_EXPONENT)
