"""Visits: the shapes of the calls that a cell made, and their table: what of a plan was visited.

A table has, by facet, the values that occur, in words: numbers in rising order, runs of them as `1-33`. Facets are the
`lengths` of rows, the numbers of `rows` in a call, the dimensions `before` and `behind` their axis (where it is not the
last throughout) and the `ranks` of arrays; of matrices the numbers of rows, the `heights`; and the `layouts` in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from extremum.properties.values.case import Case
from extremum.properties.values.signature import Signature

MATRIX = 2  # dimensions


class Visit(NamedTuple):
    """The shape of the first array of a call, its axis from the front (None: of a role that has none), the layout."""

    shape: tuple[int, ...]
    axis: int | None
    layout: str


def visit_of(signature: Signature, case: Case) -> Visit:
    """The visit of a case: of a role that is called row by row, that of the call for a row."""
    if signature.batched:
        return Visit(case.x.shape, case.axis % case.x.ndim, case.layout)
    return Visit(case.x.shape[1:], None, case.layout)


def shapes_of(visits: Iterable[Visit]) -> dict[str, str]:
    """The table of some visits; empty facets are left out."""
    numbers: dict[str, set[int]] = {}
    layouts: set[str] = set()
    for shape, axis, layout in visits:
        layouts.add(layout)
        facts = {"ranks": len(shape)}
        if axis is not None:
            before, behind = prod(shape[:axis]), prod(shape[axis + 1 :])
            facts |= {"lengths": shape[axis], "rows": before * behind, "before": before, "behind": behind}
        elif shape:
            facts |= {"lengths": shape[-1]} | ({"heights": shape[-2]} if len(shape) >= MATRIX else {})
        for facet, value in facts.items():
            numbers.setdefault(facet, set()).add(value)
    rows_last = numbers.get("behind", {1}) == {1}  # then what is before the axis are the rows
    order = ("lengths", "heights", "rows", *(() if rows_last else ("before", "behind")), "ranks")
    table = {facet: runs(numbers[facet]) for facet in order if facet in numbers}
    return table | ({"layouts": ", ".join(sorted(layouts))} if layouts else {})


def runs(numbers: Iterable[int]) -> str:
    """Whole numbers in rising order, with three or more in succession as a run: "1-33, 48, 50"."""
    parts: list[list[int]] = []
    for n in sorted({*numbers}):
        if parts and n == parts[-1][-1] + 1:
            parts[-1].append(n)
        else:
            parts.append([n])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 2 else ", ".join(map(str, p)) for p in parts)
