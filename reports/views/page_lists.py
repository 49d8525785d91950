"""What the HTML page has besides what all renderings have: filters, grades in order, and explanations told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import NamedTuple

from extremum.properties.values.finding import SEVERITIES, Cell
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.views.arrange import Grades, Group, Matrix
from extremum.reports.views.explain import Explanation

FEW_LISTED = 16  # findings that are listed on the first screen
LEAST_FILTERED = 4  # findings: fewer are seen at a glance


class Filter(NamedTuple):
    """A choice above the list: the name of what is chosen, and its values."""

    name: str
    values: Sequence[str]


class Graded(NamedTuple):
    """A subject's cells of a graded property, and the largest of their measured/allowed."""

    subject: str
    cells: Mapping[str, Cell]
    worst: float


def filters(groups: Sequence[Group]) -> list[Filter]:
    """The choices among findings that are worth a choice."""
    if len(groups) < LEAST_FILTERED:
        return []
    given = {
        "subject": sorted({g.finding.subject for g in groups}),
        "role": sorted({g.finding.role for g in groups}),
        "dtype": _in_order({d for g in groups for d in g.finding.dtypes}, FORMATS),
        "severity": _in_order({g.severity for g in groups if g.severity}, SEVERITIES),
    }
    return [Filter(name, values) for name, values in given.items() if len(values) > 1]


def _in_order(names: set[str], order: Iterable[str]) -> list[str]:
    known = [name for name in order if name in names]
    return [*known, *sorted(names.difference(known))]


def explanations(groups: Sequence[Group]) -> dict[str, Explanation]:
    """What the properties that fail first allow, and why, by code."""
    told = {g.explanation.code: g.explanation for g in groups if g.explanation}
    return dict(sorted(told.items(), key=lambda row: (len(row[0]), row[0])))


def share(cell: Cell) -> float:
    """measured/allowed of a cell; infinite where that is no number."""
    if not isinstance(cell.measured, (int, float)) or not isinstance(cell.allowed, (int, float)):
        return inf
    return cell.measured / cell.allowed if cell.allowed else (inf if cell.measured else 0.0)


def bar(cell: Cell) -> int:
    """How much of what is allowed was measured, in per cent, at most 100."""
    ratio = share(cell)
    return round(100 * min(ratio, 1.0)) if isfinite(ratio) else 100


def ordered(table: Grades) -> list[Graded]:
    """The subjects of a table of grades, the closest to the exact value first."""
    rows = [Graded(name, cells, max(map(share, cells.values()))) for name, cells in table.subjects.items()]
    return sorted(rows, key=lambda row: row.worst)


def quiet(matrix: Matrix) -> bool:
    """Whether no cell of a matrix fails the run or was left open: then it is folded."""
    return not any(c.unexpected or c.verdict == "incomplete" for c in matrix_cells(matrix))


def matrix_cells(matrix: Matrix) -> list[Cell]:
    """The cells of a matrix."""
    return [c for field in matrix.fields.values() for c in field if c is not None]


def counts(matrix: Matrix) -> str:
    """How many cells of a matrix that is quiet held, or failed as declared, in words."""
    cells = matrix_cells(matrix)
    declared = sum(c.found for c in cells)
    held = sum(c.verdict in ("held", "proved") for c in cells)
    parts = [f"{held:,} held" if held else "", f"{declared:,} failed as declared" if declared else ""]
    return ", ".join(filter(None, parts)) or "nothing was judged"
