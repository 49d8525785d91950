"""A record arranged for any rendering: findings in groups, matrices, grades, and the sentence that sums them up.

Names and causes come from the code under audit: they are hostile until a rendering escapes them.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, nan
from typing import Any, NamedTuple

from extremum.properties.contested.conventions import property_of
from extremum.properties.model.property import Property
from extremum.properties.values.finding import Cell, Witness
from extremum.reports.record.record import Record, version
from extremum.reports.record.text import quantity
from extremum.reports.views.contested_tables import tables
from extremum.reports.views.explain import Explanation, explanation
from extremum.reports.views.ledger import counted, exercises
from extremum.reports.views.marks import MARKS, Mark, mark_key
from extremum.reports.views.script import script

SEVERITIES = ("critical", "high", "medium", "low", "")
MAX_SUBJECT_COLUMNS = 12  # with more subjects, they are the rows of the matrix
MAX_HEADING_CHARACTERS = 96  # of all headings that stand side by side
MAX_SCRIPT_CHARACTERS = 20_000  # a reader of a longer one makes it from the record


@dataclass(frozen=True)
class Group:
    """The cells of one subject and one property, in all dtypes: what a section of the report is about."""

    cells: Sequence[Cell]
    anchor: str
    record: Mapping[str, str]

    @property
    def first(self) -> Cell:
        """The cell that names the group."""
        return self.cells[0]

    @property
    def reported(self) -> list[Cell]:
        """The cells with something to report, what nobody declared first."""
        return sorted((c for c in self.cells if c.found or c.missed), key=lambda c: not c.unexpected)

    @property
    def unexpected(self) -> bool:
        """Whether one of the cells fails the run."""
        return any(c.unexpected for c in self.cells)

    @property
    def severity(self) -> str:
        """The most severe of the cells'."""
        return min((c.severity for c in self.reported), key=_severity, default="")

    @property
    def prop(self) -> Property | None:
        """The property, or None where this version does not know it."""
        return property_of(self.first.role, self.first.property)

    @property
    def statement(self) -> str:
        """What the property says, in a sentence."""
        return self.prop.statement if self.prop else ""

    @cached_property
    def explanation(self) -> Explanation | None:
        """What the property's documentation says: the bound and its source, an example, the usual fix."""
        return explanation(self.prop) if self.prop else None

    @property
    def fix(self) -> str:
        """The usual fix of the property, where it was refuted: of a crash or a hang it says nothing."""
        judged = any(c.verdict == "refuted" or c.missed for c in self.reported)
        return self.explanation.fix if judged and self.explanation else ""

    @property
    def causes(self) -> dict[str, list[str]]:
        """The dtypes of each cause, with what was noted besides."""
        causes: dict[str, list[str]] = defaultdict(list)
        for cell in self.reported:
            if why := ": ".join(filter(None, (cell.cause, cell.detail))):
                causes[why].append(cell.dtype)
        return dict(causes)

    @cached_property
    def scripts(self) -> dict[str, str]:
        """For each dtype, the script that runs the simplest witness; empty where it is too long to show."""
        scripts = {c.dtype: script(c, c.simplest, self.record) for c in self.reported if c.simplest is not None}
        return {dtype: text if len(text) <= MAX_SCRIPT_CHARACTERS else "" for dtype, text in scripts.items()}


@dataclass(frozen=True)
class Matrix:
    """The cells of one role. A field holds the cells of a row and a column, one for each dtype or None."""

    role: str
    dtypes: Sequence[str]
    corner: str
    rows: Sequence[str]
    columns: Sequence[str]
    fields: Mapping[tuple[str, str], Sequence[Cell | None]]

    @property
    def upright(self) -> bool:
        """Whether the headings of the columns are too long to stand side by side."""
        wide = (max(*map(len, c.split(":")), 2 * len(self.dtypes) + 1) for c in self.columns)
        return sum(wide) > MAX_HEADING_CHARACTERS


class Grades(NamedTuple):
    """How good the answers are, by a graded property: its cells, by subject and dtype."""

    role: str
    property: str
    dtypes: Sequence[str]
    subjects: Mapping[str, Mapping[str, Cell]]


def groups(report: Record, prefix: str = "finding-") -> list[Group]:
    """The findings, the most severe first; what nobody declared before what was declared."""
    by_key: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in report.cells:
        by_key[cell.role, cell.subject, cell.property].append(cell)
    records = {(s.get("role"), s.get("name")): s for s in report.subjects}
    sections: list[Group] = []
    uses: Counter[str] = Counter()
    for (role, subject, prop), cells in by_key.items():
        if any(c.found or c.missed for c in cells):
            anchor = prefix + re.sub(r"[^a-z0-9]+", "-", f"{role} {subject} {prop}".lower()).strip("-")
            uses[anchor] += 1
            anchor += f"--{uses[anchor]}" if uses[anchor] > 1 else ""
            sections.append(Group(cells, anchor, records.get((role, subject), {})))
    return sorted(sections, key=lambda g: (not g.unexpected, _severity(g.severity)))


def matrices(report: Record) -> list[Matrix]:
    """One matrix for each role. Subjects are columns, or rows where they are many."""
    tables = []
    for role in dict.fromkeys(c.role for c in report.cells):
        cells = [c for c in report.cells if c.role == role]
        dtypes = list(dict.fromkeys(c.dtype for c in cells))
        subjects = list(dict.fromkeys(c.subject for c in cells))
        properties = list(dict.fromkeys(c.property for c in cells))
        many = len(subjects) > MAX_SUBJECT_COLUMNS
        fields: dict[tuple[str, str], list[Cell | None]] = {}
        for c in cells:
            place = (c.subject, c.property) if many else (c.property, c.subject)
            fields.setdefault(place, [None] * len(dtypes))[dtypes.index(c.dtype)] = c
        rows, columns = (subjects, properties) if many else (properties, subjects)
        tables.append(Matrix(role, dtypes, "subject" if many else "property", rows, columns, fields))
    return tables


def legend(cells: Iterable[Cell]) -> list[tuple[str, Mark, int]]:
    """The marks that occur, and how often."""
    counts = Counter(mark_key(c) for c in cells)
    return [(key, MARKS[key], counts[key]) for key in MARKS if counts[key]]


def outcome(report: Record) -> str:
    """What came out, in a sentence."""
    if report.claims:
        return counted(c["verdict"] for c in report.claims)
    cells = [c for c in report.findings if not c.expected]
    new = sum(any(c.found and not c.expected for c in g.cells) for g in groups(report))
    declared = [c for c in report.findings if c.expected]
    missed = [c for c in report.cells if c.missed]
    parts = []
    if new:
        kinds = {s.get("kind", "user") for s in report.subjects}
        nobody = " that no reference declares" if declared or missed or kinds - {"user"} else ""
        parts.append(f"{_count(new, 'finding')}{nobody}, in {_count(len(cells), 'cell')}")
    if missed:
        parts.append(f"{_count(len(missed), 'declared failure')} did not come")
    if not parts and declared:
        parts.append(f"{_count(len(declared), 'cell')} failed as declared, and no other")
    if not parts:
        held, proved = report.summary["held"], report.summary["proved"]
        if proved:
            parts.append(f"{_count(proved, 'cell')} proved")
        if held or not proved:
            none = "no counterexample" if proved else "No counterexample"
            parts.append(f"{none} in {_count(held, 'cell')}" if held else "Nothing was tested")
    if incomplete := report.summary["incomplete"]:
        parts.append(f"{_count(incomplete, 'cell')} incomplete")
    parts.append(f"{_count(report.summary['examined'], 'row')} examined")
    return "; ".join([report.ending, *parts] if report.ending else parts)


def grades(report: Record) -> list[Grades]:
    """The grades of each graded property."""
    tables: dict[tuple[str, str], dict[str, dict[str, Cell]]] = defaultdict(lambda: defaultdict(dict))
    for cell in report.cells:
        if cell.grade:
            tables[cell.role, cell.property][cell.subject][cell.dtype] = cell
    return [
        Grades(role, prop, list(dict.fromkeys(dtype for cells in table.values() for dtype in cells)), table)
        for (role, prop), table in tables.items()
    ]


def unjudged(report: Record) -> dict[tuple[str, str, str], dict[str, list[str]]]:
    """The incomplete and inapplicable cells: by verdict, subject and reason, the dtypes of each property."""
    table: dict[tuple[str, str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for cell in report.cells:
        if cell.verdict in ("incomplete", "inapplicable"):
            table[cell.verdict, cell.subject, cell.detail][cell.property].append(cell.dtype)
    return table


def witnesses(cell: Cell) -> list[tuple[str, Witness]]:
    """The witnesses of a cell by name; one where both are the same input."""
    simplest, worst = cell.simplest, cell.worst
    if simplest is not None and worst is not None and simplest.arguments == worst.arguments:
        return [("simplest and worst", simplest)]
    return [(name, w) for name, w in (("simplest", simplest), ("worst", worst)) if w is not None]


def ratio(of: Witness | Cell) -> str:
    """measured/allowed; empty where nothing was measured."""
    if of.measured is None or of.allowed is None:
        return ""
    measured, allowed = float(of.measured), float(of.allowed)
    return measure(measured / allowed if allowed else measured and inf)


def measure(value: float | str | None) -> str:
    """A quantity as tables have it."""
    number = nan if value is None else float(value)
    if 1e3 <= number < 1e7:
        return f"{number:,.0f}"
    return {inf: "\N{INFINITY}"}.get(number, quantity(value))


def hover(cell: Cell) -> str:
    """What the matrix says of a cell, beside its letter."""
    parts = [f"{cell.subject}, {cell.property}, {cell.dtype}: {MARKS[mark_key(cell)].name}"]
    if cell.measured is not None:
        parts.append(f"measured {measure(cell.measured)} {cell.unit}, allowed {measure(cell.allowed)}")
    parts += [cell.grade] if cell.grade else []
    parts += [f"{cell.examined:,} rows"] if cell.examined else []
    return "; ".join([*parts, cell.detail] if cell.detail else parts)


def arranged(report: Record, sections: Sequence[Group]) -> dict[str, Any]:
    """What every rendering of a report is made of, by the names that the templates have for it."""
    return {
        "report": report,
        "version": version(),
        "outcome": outcome(report),
        "command": shlex.join(report.command),
        "matrices": matrices(report),
        "legend": legend(report.cells),
        "unexpected": [g for g in sections if g.unexpected],
        "declared": [g for g in sections if not g.unexpected],
        "proofs": [cell for cell in report.cells if cell.verdict == "proved"],
        "grades": grades(report),
        "ledger": exercises(report.claims),
        "contested": tables(report.contested, MAX_SUBJECT_COLUMNS),
        "unjudged": unjudged(report),
    }


def _severity(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
