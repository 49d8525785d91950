"""A record arranged for any rendering: findings in groups, matrices, grades, and the sentence that sums them up.

Names and causes come from the code under audit: they are hostile until a rendering escapes them.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, nan
from typing import Any, NamedTuple

from extremum.properties.contested.conventions import property_of
from extremum.properties.diagnosis.cause_table import UNKNOWN
from extremum.properties.model.property import Property
from extremum.properties.values.finding import Cell, Witness
from extremum.reports.record.compact import thinned
from extremum.reports.record.findings import Finding
from extremum.reports.record.numbers import listed, number_of, quantity, unit_of
from extremum.reports.record.places import places
from extremum.reports.record.record import Record, version
from extremum.reports.record.text import witness_rows
from extremum.reports.views.answer import answers, phrase, shown
from extremum.reports.views.contested_tables import tables
from extremum.reports.views.explain import Explanation, explanation
from extremum.reports.views.finding_text import title, usual_fix
from extremum.reports.views.ledger import counted, exercises
from extremum.reports.views.marks import MARKS, Mark, mark_key
from extremum.reports.views.script import script
from extremum.reports.views.shapes_table import visited
from extremum.reports.views.witness_checks import entry_of
from extremum.reports.views.witness_checks import shown as shown_witness

MAX_SUBJECT_COLUMNS = 12  # with more subjects, they are the rows of the matrix
MAX_HEADING_CHARACTERS = 96  # of all headings that stand side by side
MAX_SCRIPT_CHARACTERS = 4_000  # a longer one is a file beside the report alone
CLEAR_RATIO = 1.01  # measured/allowed
ANCHOR = "finding-"
SCRIPTS = "scripts"  # the folder of scripts in that of the report


@dataclass(frozen=True)
class Group:
    """A finding, arranged: what a section of the report is about. `plotted` are all cells of its first property.

    `record` is that of the subject, and `place` what it was found by.
    """

    finding: Finding
    anchor: str
    record: Mapping[str, str]
    place: Mapping[str, str]
    plotted: Sequence[Cell]

    @property
    def first(self) -> Cell:
        """The cell whose witness is shown first."""
        return self.finding.simplest.cell

    @property
    def title(self) -> str:
        """The cause, or the property that fails."""
        return title(self.finding)

    @property
    def reported(self) -> list[Cell]:
        """The cells that it explains and those that it hides, what nobody declared first, that of the title before."""
        cells = {id(c): c for f in (self.finding, *self.finding.hides) for c in f.cells}
        return sorted(cells.values(), key=lambda c: (not c.unexpected, c is not self.first))

    @property
    def unexpected(self) -> bool:
        """Whether one of the cells fails the run."""
        return not self.finding.expected

    @property
    def severity(self) -> str:
        """The most severe of the cells'."""
        return self.finding.severity

    @property
    def prop(self) -> Property | None:
        """The property that fails first, or None where this version does not know it."""
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
    def fails(self) -> str:
        """The properties and the dtypes in which they fail."""
        return f"{listed(self.finding.properties)}, in {listed(self.finding.dtypes)}"

    @property
    def phrase(self) -> str:
        """What is wrong, in a sentence."""
        text = phrase(self.finding)
        return f"{text[:1].upper()}{text[1:]}."

    @property
    def fix(self) -> str:
        """The fix of the cause; where no cause is known, the usual one of the property, if it was refuted."""
        return self.finding.fix or usual_fix(self.finding)

    @property
    def hides(self) -> list[str]:
        """What shows once it is fixed, in sentences."""
        return [f"in {listed(f.dtypes)} {phrase(f)}. {f.brief}" for f in self.finding.hides]

    @property
    def notes(self) -> dict[str, list[str]]:
        """What was noted besides, with the cells that it was noted of."""
        notes: dict[str, list[str]] = defaultdict(list)
        for cell in self.reported:
            if cell.detail:
                notes[cell.detail].append(f"{cell.property} {cell.dtype}")
        return dict(notes)

    @property
    def witness(self) -> str:
        """The witness that is shown, in aligned lines; empty where there is none."""
        sign = self.finding.simplest
        if sign.witness is None:
            return ""
        witness = sign.witness
        found = None if witness.exact else shown_witness(sign.cell, witness)
        if found is not None and (entry := entry_of(found)) is not None:  # as a script has it
            witness = replace(witness, exact=repr(entry.exact))
        rows = witness_rows("", witness, sign.cell)
        names = list(sign.witness.arguments)
        named = [(name, text.removeprefix(f"{name} = ")) for name, (_, text) in zip(names, rows, strict=False)]
        lines = [*named, *rows[len(names) :]]
        return "\n".join(f"{name:<9} {text}" for name, text in lines)

    @cached_property
    def script(self) -> str:
        """The script that fails until the finding is mended; empty where no witness could be kept."""
        sign = self.finding.simplest
        if sign.ratio and sign.ratio < CLEAR_RATIO:  # decimals would round what tells it from what is allowed
            sign = self.finding.worst
        return script(sign.cell, sign.witness, self.record, self.place, phrase(self.finding)) if sign.witness else ""

    @property
    def script_file(self) -> str:
        """Where that script stands in the folder of the report."""
        return f"{SCRIPTS}/{self.anchor.removeprefix(ANCHOR)}.py"

    @property
    def short_script(self) -> str:
        """The script, where it is short enough to be read."""
        return self.script if len(self.script) <= MAX_SCRIPT_CHARACTERS else ""


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


def groups(report: Record, prefix: str = ANCHOR) -> list[Group]:
    """The findings, arranged in their order."""
    by_key: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in report.cells:
        by_key[cell.role, cell.subject, cell.property].append(cell)
    records = {(s.get("role"), s.get("name")): s for s in report.subjects}
    sections: list[Group] = []
    uses: Counter[str] = Counter()
    for finding in report.findings:
        first = finding.simplest.cell
        name = first.property if finding.cause == UNKNOWN else finding.cause
        anchor = prefix + re.sub(r"[^a-z0-9]+", "-", f"{first.role} {first.subject} {name}".lower()).strip("-")
        uses[anchor] += 1
        anchor += f"--{uses[anchor]}" if uses[anchor] > 1 else ""
        plotted = [replace(c, profile=thinned(c)) for c in by_key[first.role, first.subject, first.property]]
        place = report.named(*finding.key)
        sections.append(Group(finding, anchor, records.get(finding.key, {}), place, plotted))
    return sections


def anchors(sections: Sequence[Group]) -> dict[tuple[str, ...], str]:
    """Where each cell is told, by its key, and where each property of a subject is first."""
    found: dict[tuple[str, ...], str] = {}
    for group in sections:
        for cell in group.reported:
            found.setdefault(cell.key, group.anchor)
            found.setdefault(cell.key[:3], group.anchor)
    return found


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
    cells = [c for c in report.cells if c.found and not c.expected]
    new = sum(not f.expected and not f.missed for f in report.findings)
    declared = [c for c in report.cells if c.found and c.expected]
    missed = [c for c in report.cells if c.missed]
    parts = []
    if new:
        kinds = {s.get("kind", "user") for s in report.subjects}
        nobody = " that no reference declares" if declared or missed or kinds - {"user"} else ""
        parts.append(f"{number_of(new, 'finding')}{nobody}, in {number_of(len(cells), 'cell')}")
    if missed:
        parts.append(f"{number_of(len(missed), 'declared failure')} did not come")
    if not parts and declared:
        parts.append(f"{number_of(len(declared), 'cell')} failed as declared, and no other")
    if not parts:
        held, proved = report.summary["held"], report.summary["proved"]
        if proved:
            parts.append(f"{number_of(proved, 'cell')} proved")
        if held or not proved:
            none = "no counterexample" if proved else "No counterexample"
            parts.append(f"{none} in {number_of(held, 'cell')}" if held else "Nothing was tested")
    if incomplete := report.summary["incomplete"]:
        parts.append(f"{number_of(incomplete, 'cell')} incomplete")
    parts.append(f"{number_of(report.summary['examined'], 'row')} examined")
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


def with_unit(value: float | str | None, unit: str) -> str:
    """A quantity as tables have it, with its unit."""
    return f"{measure(value)} {unit_of(value, unit)}".rstrip()


def brief(cell: Cell) -> str:
    """What the matrix of a page says of a cell, whose row and column tell which it is."""
    parts = [f"{cell.dtype} {MARKS[mark_key(cell)].name}"]
    if cell.measured is not None:
        parts.append(f"{measure(cell.measured)} of {with_unit(cell.allowed, cell.unit)}")
    return ", ".join(parts)


def hover(cell: Cell) -> str:
    """What the matrix says of a cell, beside its letter."""
    parts = [f"{cell.subject}, {cell.property}, {cell.dtype}: {MARKS[mark_key(cell)].name}"]
    if cell.measured is not None:
        parts.append(f"measured {with_unit(cell.measured, cell.unit)}, allowed {measure(cell.allowed)}")
    parts += [cell.grade] if cell.grade else []
    parts += [f"{cell.examined:,} rows"] if cell.examined else []
    return "; ".join([*parts, cell.detail] if cell.detail else parts)


def arranged(report: Record, sections: Sequence[Group]) -> dict[str, Any]:
    """What every rendering of a report is made of, by the names that the templates have for it."""
    told, others = shown(answers(report))
    return {
        "report": report,
        "version": version(),
        "outcome": outcome(report),
        "answers": [] if report.claims else told,
        "others": "" if report.claims else others,
        "command": shlex.join(report.command),
        "lines": {key: place.line for key, place in places(report).items()},
        "matrices": matrices(report),
        "legend": legend(report.cells),
        "unexpected": [g for g in sections if g.unexpected],
        "declared": [g for g in sections if not g.unexpected],
        "proofs": [cell for cell in report.cells if cell.verdict == "proved"],
        "grades": grades(report),
        "ledger": exercises(report.claims),
        "contested": tables(report.contested, MAX_SUBJECT_COLUMNS),
        "unjudged": unjudged(report),
        "visited": visited(report),
    }
