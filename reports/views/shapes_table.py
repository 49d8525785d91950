"""The table of shapes: which lengths, rows, dimensions, ranks and layouts the cells of a report really visited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from extremum.properties.values.finding import Cell
from extremum.reports.record.record import Record


@dataclass
class Visited:
    """What some properties of a role visited, by facet, in the cell that visited most.

    `cells` counts the cells that visited this, `others` those that visited less: a finding ended them, or the time.
    """

    role: str
    facets: Mapping[str, str]
    properties: list[str] = field(default_factory=list)
    cells: int = 0
    others: int = 0


def visited(report: Record) -> list[Visited]:
    """A row for each role and each plan of its properties, in the order of the report."""
    kinds: dict[tuple[str, str], list[Cell]] = {}
    for cell in report.cells:
        if cell.shapes:
            kinds.setdefault((cell.role, cell.property), []).append(cell)
    rows: dict[tuple[str, str], Visited] = {}
    for (role, name), cells in kinds.items():
        most = max((cell.shapes for cell in cells), key=lambda shapes: len("".join(shapes.values())))
        row = rows.setdefault((role, repr(most)), Visited(role, most))
        row.properties.append(name)
        whole = sum(cell.shapes == most for cell in cells)
        row.cells += whole
        row.others += len(cells) - whole
    return list(rows.values())
