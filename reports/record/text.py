"""Cells and their witnesses as lines of text: for pytest's failures, the terminal and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from extremum.properties.contested.conventions import property_of
from extremum.properties.values.finding import Cell, Witness
from extremum.reports.record.numbers import counted, decimals, exact_text, short_hex

MAX_ENTRIES = 6  # of an array: a line has no room for more
MAX_HEXES = 2  # entries whose bits are written beside their decimals


def finding_lines(cell: Cell) -> list[str]:
    """The refuted, crashed or hung cell, aligned, with all that reproduces it."""
    if cell.missed:
        return [f"{cell.subject} {cell.property} {cell.dtype}: declared to fail, and it {cell.verdict}"]
    rows = [("subject", f"{cell.subject}  ({cell.role}, {cell.dtype})"), ("property", statement(cell))]
    if cell.cause:
        rows.append(("cause", cell.cause))
    if cell.detail:
        rows.append(("detail", cell.detail))
    for kind, witness in (("simplest", cell.simplest), ("worst", cell.worst)):
        if witness is not None and not (kind == "worst" and witness == cell.simplest):
            rows += witness_rows(kind, witness, cell)
    head = f"{cell.verdict.upper()}  {cell.property}  {cell.code}" + (f"  {cell.severity}" if cell.severity else "")
    return [head, *(f"  {name:<9} {text}" for name, text in rows)]


def witness_rows(kind: str, witness: Witness, cell: Cell) -> list[tuple[str, str]]:
    """The witness as named lines: its arguments, what was got, what is exact, measured and allowed."""
    rows = [
        (kind if i == 0 else "", f"{name} = {argument_text(argument)}")
        for i, (name, argument) in enumerate(witness.arguments.items())
    ]
    if witness.got:
        # The entry of a vector in a call of its own is named by its place; that of rows by the row's number too.
        alone = any(len(argument["shape"]) == 1 for argument in witness.arguments.values())
        index = list(witness.index[1:] if alone else witness.index)
        place = f"  at {index}" if index else ""
        rows.append(("got", f"{decimals(witness.got, cell.dtype)}{place}"))
    if witness.exact:
        rows.append(("exact", exact_text(witness.exact, cell.dtype)))
    if witness.measured is not None:
        rows.append(("measured", f"{counted(witness.measured, cell.unit)}, allowed {counted(witness.allowed, '')}"))
    return rows


def statement(cell: Cell) -> str:
    """What the cell's property says, in a sentence."""
    prop = property_of(cell.role, cell.property)
    return prop.statement if prop else cell.property


def argument_text(argument: Mapping[str, Any]) -> str:
    """An argument in decimal and hex, shortened, with its dtype, shape and layout."""
    dtype, shape = argument["dtype"], argument["shape"]
    layout = "" if argument.get("layout", "C") == "C" else f", {argument['layout']}"
    kind = f"{dtype}{shape}{layout}" if shape else dtype
    if "recipe" in argument:
        recipe = argument["recipe"]
        return f"row {recipe['row']} of regime {recipe['regime']}, n = {recipe['n']}, seed {recipe['seed']}  {kind}"
    if "tile" in argument:
        parts = [decimals(v, dtype) for v in argument["tile"][:MAX_ENTRIES]]
        return f"[{', '.join(parts)}, ...] repeated along the rows  {kind}"
    if "runs" in argument:
        return f"{_runs(argument['runs'], dtype)}  {kind}"
    values = argument["values"]
    if dtype == "int64":
        return ", ".join(values[:MAX_ENTRIES])
    runs = [(value, len([*of])) for value, of in groupby(values)]
    if len(runs) <= MAX_ENTRIES < len(values):
        return f"{_runs(runs, dtype)}  {kind}"
    parts = [decimals(v, dtype) for v in values[:MAX_ENTRIES]]
    more = ", ..." if len(values) > MAX_ENTRIES else ""
    hexes = f"  ({', '.join(map(short_hex, values))})" if len(values) <= MAX_HEXES else ""
    whole = not more and sum(size > 1 for size in shape) > 1
    text = _nested(iter(parts), shape) if whole else f"[{', '.join(parts)}{more}]"
    return f"{text}  {kind}{hexes}"


def _nested(parts: Iterator[str], shape: Sequence[int]) -> str:
    """The entries of an array with a bracket around each row."""
    if not shape:
        return next(parts)
    return f"[{', '.join(_nested(parts, shape[1:]) for _ in range(shape[0]))}]"


def _runs(runs: Sequence[tuple[str, int]], dtype: str) -> str:
    """Entries of which some that are alike stand together."""
    parts = [f"{c} x {decimals(v, dtype)}" if c > 1 else decimals(v, dtype) for v, c in runs[:MAX_ENTRIES]]
    return f"[{', '.join(parts)}{', ...' if len(runs) > MAX_ENTRIES else ''}]"
