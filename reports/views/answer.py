"""The answer: one sentence a subject, which every view begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from extremum.properties.diagnosis.cause_table import UNKNOWN
from extremum.properties.inputs.regimes import log_max
from extremum.properties.model.property import Property
from extremum.properties.roles.registry import known_roles
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.record.findings import Finding, Sign
from extremum.reports.record.numbers import ROUNDOFFS, counted, decimals, exact_text, listed, number_of
from extremum.reports.record.record import Record

SHOWN_NUMBERS = 3  # of an input, in a sentence
BESIDES = "Besides,"  # begins what is told of the findings after the first
FEW_SUBJECTS = 6  # of which each gets its sentence; of more, those alone that something is wrong with

PHRASES = {
    "exp overflow": "exp overflows {where}{result}",
    "sum overflow": "the sum of the exponentials overflows {at}{result}",
    "underflow to zero": "its exponentials underflow to zero {at}{results}",
    "accumulator stagnation": "its sum stagnates {at}",
    "cancellation": "a small value is lost to cancellation {at}",
    "rounding of the gap": "entries are rounded before they are subtracted, as {at}",
    "subnormals flushed": "values below the smallest normal become zero",
    "masked value leaks": "masked entries count",
    "nan from a mask": "a row with masked entries gives NaN",
    "wrong axis": "it reduces along another axis than the one asked for",
    "state leaks between rows": "an answer depends on other rows or calls",
    "answer overwritten": "a later call overwrites an earlier answer",
    "divided by length": "it divides by the number of entries",
    "padding counted": "it counts the padding of a row",
    "storage order ignored": "strides, offset or byte order are ignored",
    "input mutated": "it writes into its argument",
    "precision narrowed": "values are kept in fewer bits than the dtype has",
    "nondeterministic": "its answers differ from call to call",
    "wrong dtype": "it returns another dtype",
    "wrong shape": "it returns another shape",
    "sum in 16 bits": "it adds up in 16 bits, {at}",
    "base 2 out of range": "an entry times log2(e) overflows {at}{result}",
    "entries left out": "it leaves entries of the answer as they were",
    "missing term": "it leaves out a term",
    "extra term": "it adds a term that the formula has not",
    "wrong term": "another term stands in the place of one",
    "wrong sign": "a sign is wrong",
    "wrong factor": "a factor is wrong",
    "wrong divisor": "it divides by something else",
    "transposed matrix": "a matrix stands where its transpose belongs",
    "sums not rescaled": "sums of parts are not brought to one maximum",
    "epsilon added": "an epsilon is added to a probability",
    "values clipped": "values beyond a limit are taken for the limit {at}",
}


@dataclass(frozen=True)
class Answer:
    """What is known of one subject. `sentence` is without its name; `sound` that nothing was found at all."""

    subject: str
    role: str
    sentence: str
    findings: Sequence[Finding]
    cells: Sequence[Cell]

    @property
    def sound(self) -> bool:
        """Whether all that was judged held."""
        return not any(c.found or c.missed or c.verdict == "incomplete" for c in self.cells)

    @property
    def first(self) -> str:
        """The sentence without the findings after the first, for where these are listed."""
        return self.sentence.partition(f" {BESIDES}")[0]

    @property
    def unsound(self) -> bool:
        """Whether it has findings that nobody declared."""
        return bool(self.findings)


def answers(report: Record) -> list[Answer]:
    """The answer about each subject, in the order of the record."""
    roles = {c.role for c in report.cells}
    found = [f for f in report.findings if not f.expected]
    table = []
    for key in dict.fromkeys((c.role, c.subject) for c in report.cells):
        cells = [c for c in report.cells if (c.role, c.subject) == key]
        own = [f for f in found if f.key == key]
        name = key[1] if len(roles) == 1 else f"{key[1]} ({key[0]})"
        table.append(Answer(name, key[0], _sentence(cells, own), own, cells))
    return table


def shown(table: Sequence[Answer], every: bool = False) -> tuple[list[Answer], str]:
    """The answers that are written out, and a sentence about all others: of many subjects, those that are not sound."""
    if every or len(table) <= FEW_SUBJECTS:
        return list(table), ""
    others = [answer for answer in table if not answer.unsound]
    sound = sum(answer.sound for answer in others)
    declared = sum(any(c.expected for c in answer.cells) for answer in others)
    left = len(others) - sound - declared
    counts = [
        (sound, "subject is sound", "subjects are sound"),
        (declared, "fails as declared, and nowhere else", "fail as declared, and nowhere else"),
        (left, "was not judged to the end", "were not judged to the end"),
    ]
    parts = [f"{n:,} {one if n == 1 else several}" for n, one, several in counts if n]
    return [answer for answer in table if answer.unsound], f"{'; '.join(parts)}." if parts else ""


def _sentence(cells: Sequence[Cell], findings: Sequence[Finding]) -> str:
    if findings:
        return _unsound(cells, findings)
    parts = []
    judged = [c for c in cells if c.verdict not in ("incomplete", "inapplicable")]
    held = _held_dtypes(cells)
    if not judged:
        reason = next((c.detail for c in cells if c.detail), "")
        return "was not judged" + (f": {reason}" if reason else "") + "."
    excuses = list(dict.fromkeys(c.accepted for c in cells if c.found and c.accepted))
    if excuses:
        parts.append(f"fails, which is accepted ({'; '.join(excuses)})")
    elif any(c.expected for c in cells):
        parts.append("fails as it declares, and nowhere else")
    elif held:
        proved = all(c.verdict == "proved" for c in judged)
        if part := _part(cells):
            parts.append(f"{'is proved' if proved else 'held'} in {listed(held)}, as far as asked: {part}")
        else:
            parts.append(f"is {'proved ' if proved else ''}sound in {listed(held)}{_accuracy(cells, held)}")
    if left := [c for c in cells if c.verdict == "incomplete"]:
        parts.append(f"{number_of(len(left), 'cell')} {'was' if len(left) == 1 else 'were'} not judged to the end")
    return f"{'; '.join(parts) or 'takes none of the inputs'}."


def _unsound(cells: Sequence[Cell], findings: Sequence[Finding]) -> str:
    head, *others = findings
    held, found = _held_dtypes(cells), {d for f in findings for d in f.dtypes}
    failing = [dtype for dtype in dict.fromkeys(c.dtype for c in cells) if dtype in found]
    if held:
        sound = "holds" if _part(cells) else "is sound"
        begin = f"{sound} in {listed(held)}{_accuracy(cells, held)}; in {listed(head.dtypes)} {phrase(head)}"
    else:
        begin = f"is not sound in {listed(failing)}: {_in_dtypes(head, failing)}{phrase(head)}"
    parts = [begin + ".", *([head.brief] if head.brief else [])]
    if others:
        also = "; ".join(f"{_in_dtypes(f, failing)}{phrase(f)}" for f in others[:2])
        more = f"; and {number_of(len(others) - 2, 'more finding')}" if len(others) > 2 else ""
        parts.append(f"{BESIDES} {also}{more}.")
    return " ".join(parts)


def _part(cells: Sequence[Cell]) -> str:
    """How many of the role's properties were asked for, where these are not all: no more is known than was shown."""
    role, asked = known_roles().get(cells[0].role), {c.property for c in cells}
    if role is None or {p.name for p in role.properties} <= asked:
        return ""
    return f"{len(asked)} of {len({p.name for p in role.properties} | asked)} properties"


def _in_dtypes(finding: Finding, among: Sequence[str]) -> str:
    return "" if {*finding.dtypes} == {*among} else f"in {listed(finding.dtypes)} "


def _held_dtypes(cells: Sequence[Cell]) -> list[str]:
    """The dtypes in which all that was judged held."""
    return [
        dtype
        for dtype in dict.fromkeys(c.dtype for c in cells)
        if (of := [c.verdict for c in cells if c.dtype == dtype and c.verdict != "inapplicable"])
        and {*of} <= {"held", "proved"}
    ]


def _accuracy(cells: Sequence[Cell], dtypes: Sequence[str]) -> str:
    """How good the answers are, by the property that is graded: the worst of these dtypes."""
    graded = [c for c in cells if c.grade and c.dtype in dtypes and isinstance(c.measured, float) and c.allowed]
    if not graded:
        return ""
    worst = max(graded, key=lambda c: float(c.measured or 0) / float(c.allowed or inf))
    if worst.unit in ROUNDOFFS and float(worst.measured or 0) < 1:  # of a sum of magnitudes: no number that tells much
        return f" ({worst.grade})"
    return f" ({counted(worst.measured, '')} of {counted(worst.allowed, worst.unit)} allowed, {worst.grade})"


def phrase(finding: Finding) -> str:
    """What is wrong, in a clause."""
    sign = finding.simplest
    if finding.cause in PHRASES:
        text = PHRASES[finding.cause]
        given = _result(sign)
        result, results = (f" and {verb} {given}" if given else "" for verb in ("gives", "give"))
        told = text.format(where=_where(sign), at=_at(finding), result=result, results=results)
        return told.replace("  ", " ").rstrip(" ,")
    if finding.missed:
        return f"{listed(finding.properties)} did not fail, as the subject declares"
    if finding.cause != UNKNOWN:
        return f"it {finding.cause}: {sign.cell.detail}" if sign.cell.detail else f"it {finding.cause}"
    return _of_unknown_cause(finding, sign)


def _of_unknown_cause(finding: Finding, sign: Sign) -> str:
    witness, name = sign.witness, sign.cell.property
    if sign.cell.detail:
        return f"{name} fails: {sign.cell.detail}"
    if witness is None or not witness.got:
        return f"{name} fails {_at(finding)}".rstrip()
    got, *other = decimals(witness.got, sign.cell.dtype).split(" and ")
    another = f", and {other[0]} {beside_of(sign.cell)}," if other else ""
    exact = exact_text(witness.exact, sign.cell.dtype) if witness.exact else ""
    if " " in exact:  # no number, but where it lies
        return f"it gives {got}{another} {_at(finding)}, where the exact value is {exact}".replace("  ", " ")
    return f"it gives {got}{another}{f', not {exact},' if exact else ''} {_at(finding)}".rstrip(" ,").replace(",,", ",")


def beside_of(cell: Cell) -> str:
    """What the second of two answers is that the property of a cell compares."""
    role = known_roles().get(cell.role)
    prop = role.property_named(cell.property) if role else None
    return prop.beside if prop else Property.beside


def _where(sign: Sign) -> str:
    """Where exponentials overflow: "from 88.72284 up", if the float below it has a finite one."""
    if not np.isfinite(sign.largest) or sign.cell.dtype not in FORMATS:
        return ""
    shown = decimals(sign.largest.hex(), sign.cell.dtype)
    fmt = FORMATS[sign.cell.dtype]
    below = float(fmt.step(np.array([sign.largest]), -1)[0])
    edge = below <= log_max(fmt) < sign.largest
    return f"from {shown} up" if edge else f"at {shown}"


def _at(finding: Finding) -> str:
    """The simplest input, if it is one row of few numbers; else how long its row is."""
    sign = finding.simplest
    if sign.witness is None:
        return ""
    labels = {name for name, a in sign.witness.arguments.items() if a["dtype"] == "int64" and not a["shape"]}
    given = {name: a for name, a in sign.witness.arguments.items() if name not in labels} or sign.witness.arguments
    name, argument = next(iter(given.items()))
    values = argument.get("values", [])
    one_row = len(values) == max(argument["shape"][-1:], default=1)
    if len(given) == 1 and one_row and len(values) <= SHOWN_NUMBERS and argument["dtype"] != "int64":
        return f"at {name} = [{', '.join(decimals(value, sign.cell.dtype) for value in values)}]"
    axis = sign.witness.arguments.get("axis", {"values": ["-1"]})
    n = argument["shape"][int(axis["values"][0])] if argument["shape"] else 1
    return f"at n = {n:,}"


def _result(sign: Sign) -> str:
    """What comes of it, if that is no usual number."""
    got = sign.witness.got if sign.witness else ""
    return {"nan": "NaN", "inf": "infinity", "-inf": "-infinity", "0x0.0p+0": "zero"}.get(got.rpartition(" ")[2], "")
