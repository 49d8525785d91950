"""Reports that are read again: to the last key as they are written, or refused in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from math import prod
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from extremum.properties.values.finding import VERDICTS, Cell
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.adapters import EVERY_LAYOUT
from extremum.reports.record.compact import expanded
from extremum.reports.record.places import NUMBERS as PLACE
from extremum.reports.record.record import BASELINE, EARLIER, READABLE, Record

INTEGERS = ("int64", "bool")  # dtypes of arguments that are no formats
LARGEST = 2**28  # entries of an argument
NUMBERS = ("inf", "-inf", "nan")  # what JSON has no number for
FORMS: Mapping[
    str, Mapping[str, Any]
] = {  # how the entries of an argument are kept, by its first key: what that and the others are
    "values": {"values": list[str]},
    "runs": {"runs": list[list[Any]]},
    "tile": {"tile": list[str], "along": int},
    "recipe": {"recipe": Mapping[str, Any], "sha256": str},
}
SMALL = re.compile(r"[0-9]{1,9}")  # a number that is kept as text
RECIPE = {"role": str, "regime": str, "argument": str, "seed": int, "n": int, "of": int, "row": int}
ENTRY = ("role", "subject", "property", "dtype", "code", "status")  # what a record says of an entry of a baseline
NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}


def read_json(path: Path) -> Any:
    """What a file of JSON holds; raises `UsageError` where there is none, or it is truncated."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{str(path)!r} is not JSON, or was cut: {error}") from None


def read_report(path: Path) -> Record:
    """The report in a file; raises `UsageError` with the file, the key and what would be valid there."""
    value = read_json(path)
    try:
        if not isinstance(value, dict) or "schema" not in value:
            raise UsageError("it has no key 'schema': a report.json of extremum is needed")
        if value["schema"] in READABLE:
            _check_report(value if value["schema"] in EARLIER else expanded(value))
        return Record.from_json(value)
    except UsageError as error:
        raise UsageError(f"{str(path)!r}: {error}") from None


def _check_report(value: Mapping[str, Any]) -> None:
    keys = {"seed": int, "command": list[str], "environment": Mapping[str, Any], "cells": list[Any]}
    check_keys(value, keys, "")
    _check(value.get("contested", []), list[dict[str, str]], "contested")
    for number, row in enumerate(_listed(value["environment"], "named")):
        for key in (key for key in PLACE if not SMALL.fullmatch(row.get(key, "1"))):
            raise UsageError(f"environment.named[{number}].{key}={row[key]!r:.60} is not a whole number, as text")
    for number, row in enumerate(_listed(value["environment"], BASELINE)):
        check_keys(row, dict.fromkeys(ENTRY, str), f"environment.{BASELINE}[{number}]")
    _check(value.get("subjects", []), list[dict[str, str]], "subjects")
    for number, cell in enumerate(value["cells"]):
        check_cell(cell, f"cells[{number}]")


def _listed(environment: Mapping[str, Any], name: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = environment.get(name, [])
    _check(rows, list[dict[str, str]], f"environment.{name}")
    return rows


def check_cell(cell: Any, where: str) -> None:
    """Raise `UsageError` for what is no cell: a key that is missing, a value of another type, or nonsense."""
    _check(cell, Cell, where)
    check_keys(cell, {"verdict": str}, where)
    if cell["verdict"] not in VERDICTS:
        raise UsageError(f"{where}.verdict={cell['verdict']!r} is not known: {nearest(cell['verdict'], VERDICTS)}")
    if cell["dtype"] not in FORMATS:
        raise UsageError(f"{where}.dtype={cell['dtype']!r} is not known: {nearest(cell['dtype'], FORMATS)}")
    _check_numbers(cell, where)
    for name in ("simplest", "worst"):
        if cell.get(name) is not None:
            _check_numbers(cell[name], f"{where}.{name}")
            check_arguments(cell[name]["arguments"], f"{where}.{name}.arguments")


def check_arguments(arguments: Any, where: str) -> None:
    """Raise `UsageError` for arguments that `properties.steps.witness.decode` could not read."""
    _check(arguments, dict[str, dict[str, Any]], where)
    if not arguments:
        raise UsageError(f"{where} is empty: an argument is needed")
    for name, argument in arguments.items():
        _check_argument(argument, f"{where}.{name}")


def _check_argument(argument: Mapping[str, Any], where: str) -> None:
    check_keys(argument, {"dtype": str, "shape": list[int]}, where)
    dtype, shape, layout = argument["dtype"], argument["shape"], argument.get("layout", "C")
    known = [*FORMATS, *INTEGERS]
    if dtype not in known:
        raise UsageError(f"{where}.dtype={dtype!r} is not known: {nearest(dtype, known)}")
    if layout not in EVERY_LAYOUT:
        raise UsageError(f"{where}.layout={layout!r} is not known: {nearest(str(layout), EVERY_LAYOUT)}")
    if any(n < 0 for n in shape) or prod(shape) > LARGEST:
        raise UsageError(f"{where}.shape={shape!r} is not valid: lengths of at most {LARGEST:,} entries are needed")
    form = next((form for form in FORMS if form in argument), None)
    if form is None or (dtype in INTEGERS and form != "values"):
        raise UsageError(f"{where} has no entries: one of {', '.join(FORMS)} is needed")
    check_keys(argument, FORMS[form], where)
    if form == "recipe":
        check_keys(argument[form], RECIPE, f"{where}.{form}")
        sizes = [argument[form][key] for key in ("n", "of", "row", "seed")]
        if min(sizes) < 0 or max(sizes[:3]) > LARGEST:
            raise UsageError(f"{where}.recipe={argument[form]!r} is not one of an argument of that shape")
    elif form == "tile":
        if not argument["tile"] or not -len(shape) <= argument["along"] < len(shape):
            raise UsageError(f"{where}.along={argument['along']!r} is no axis of {shape!r}, or the tile is empty")
    else:
        _check_count(argument[form], form, shape, where)
    texts = argument[form] if form in ("values", "tile") else [r[0] for r in argument[form]] if form == "runs" else ()
    for number, entry in enumerate(texts):
        _check_entry(entry, dtype, f"{where}.{form}[{number}]")


def _check_count(entries: Sequence[Any], form: str, shape: Sequence[int], where: str) -> None:
    if form == "runs" and not all(
        len(r) == 2 and isinstance(r[0], str) and _fits(r[1], int) and r[1] > 0 for r in entries
    ):
        raise UsageError(f"{where}.runs is not valid: pairs of a value and a count are needed")
    count = len(entries) if form == "values" else sum(r[1] for r in entries)
    if count != prod(shape):
        raise UsageError(f"{where}.{form} has {count:,} entries; shape={list(shape)!r} needs {prod(shape):,}")


def _check_entry(entry: str, dtype: str, where: str) -> None:
    try:
        value = float(int(entry)) if dtype in INTEGERS else float.fromhex(entry)
    except (ValueError, OverflowError):
        raise UsageError(f"{where}={entry!r:.60} is not a number as C99 writes it: 0x1.8p+1, inf or nan") from None
    if dtype in INTEGERS and not -(2**63) <= value < 2**63:
        raise UsageError(f"{where}={entry!r:.60} is beyond 64 bits")


def _check_numbers(row: Mapping[str, Any], where: str) -> None:
    for name in ("measured", "allowed"):
        value = row.get(name)
        if isinstance(value, str) and value not in NUMBERS:
            raise UsageError(f"{where}.{name}={value!r} is not valid: a number, or one of {', '.join(NUMBERS)}")


def check_keys(value: Any, kinds: Mapping[str, Any], where: str) -> None:
    """Raise `UsageError` unless the value is an object of JSON with these keys, of these types."""
    _check(value, dict[str, Any], where)
    for name, kind in kinds.items():
        key = f"{where}.{name}" if where else name
        if name not in value:
            raise UsageError(f"key {key!r} is missing: {_said(kind)} is needed")
        _check(value[name], kind, key)


def _check(value: Any, kind: Any, where: str) -> None:
    """Raise `UsageError` unless the value of JSON is of this type: a builtin, a union, a container or a dataclass."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        needed = {f.name: hints[f.name] for f in fields(kind) if f.default is f.default_factory is MISSING}
        check_keys(value, needed, where)
        for name in hints.keys() & value.keys():
            _check(value[name], hints[name], f"{where}.{name}")
        return None
    if isinstance(kind, UnionType):
        rest = [part for part in get_args(kind) if is_dataclass(part)]
        if value is not None and rest:
            return _check(value, rest[0], where)
    origin, inner = get_origin(kind), get_args(kind)
    if not _fits(value, kind):
        raise UsageError(f"{where or 'the file'}={value!r:.60} is not valid: {_said(kind)} is needed")
    if origin is not None and isinstance(value, dict):
        for name, part in value.items():
            _check(part, inner[1], f"{where}.{name}")
    elif origin is not None and isinstance(value, list):
        for number, part in enumerate(value):
            _check(part, inner[0], f"{where}[{number}]")
    return None


def _fits(value: Any, kind: Any) -> bool:
    if kind is Any:
        return True
    if isinstance(kind, UnionType):
        return any(_fits(value, part) for part in get_args(kind))
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    origin = get_origin(kind) or kind
    if origin in (dict, Mapping):
        return isinstance(value, dict)
    return isinstance(value, list if origin in (list, Sequence) else origin)


def _said(kind: Any) -> str:
    if isinstance(kind, UnionType):
        return " or ".join(_said(part) for part in get_args(kind))
    origin = get_origin(kind) or kind
    return "an object" if origin in (dict, Mapping) or is_dataclass(kind) else NAMES.get(origin, "a list")
