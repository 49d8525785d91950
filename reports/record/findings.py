"""Findings: the refuted, crashed and hung cells of a subject, gathered by what they fail for. One defect, one finding.

A function of the cells alone, so that a record that is read back has the findings that it was written with. The engine
tells of each witness its cause, the correction that clears it, and what else it refutes; here they are put together:

1. What one correction of values clears is one finding, whatever the names of the causes; then what has one known cause.
2. Of unknown cause, a witness takes along the cells that it refutes too, and those whose witness refutes its own.
   What was seen once joins what differs from call to call, and what an ordinary row shows takes along what refutes it.
3. Cells that crashed or hung alike are one finding, and so are declared failures of a subject that did not come.
4. What adds up wrongly in 16 bits where the terms are lost already is no finding yet: the first one `hides` it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, prod
from typing import Any

from extremum.properties.diagnosis.cause_table import CAUSES, NONDETERMINISTIC, STATE, UNKNOWN
from extremum.properties.diagnosis.corrections import CORRECTIONS
from extremum.properties.steps.witness import unrepeated
from extremum.properties.values.finding import Cell, Witness, severity_rank

SHOWN_DTYPE = "float32"  # whose witness is shown where there is one: most readers know its limits by heart
ADDED_UP = ("float32",)  # corrections of sums alone
UNSTABLE = (STATE, NONDETERMINISTIC)  # causes of answers that differ from call to call
NOT_NUMBERS = ("nan", "inf", "-inf")
MISSED = "declared, and not found"


@dataclass(frozen=True)
class Sign:
    """A cell, and one of its witnesses: `simplest`, `worst` or `beneath`; or none, as of some crashes."""

    cell: Cell
    which: str = ""

    @property
    def witness(self) -> Witness | None:
        """The witness, if there is one."""
        found = getattr(self.cell, self.which) if self.which else None
        assert found is None or isinstance(found, Witness)
        return found

    @property
    def cause(self) -> str:
        """The cause that was diagnosed."""
        return (self.witness.cause if self.witness else "") or self.cell.cause or UNKNOWN

    @property
    def correction(self) -> str:
        """The correction that clears the witness, or an empty string."""
        return self.witness.correction if self.witness else ""

    @property
    def name(self) -> str:
        """Property and dtype, as `Witness.refutes` has them."""
        return f"{self.cell.property} {self.cell.dtype}"

    @property
    def size(self) -> int:
        """Entries of the arguments."""
        arguments = self.witness.arguments.values() if self.witness else ()
        return sum(prod(a["shape"]) for a in arguments)

    @property
    def ratio(self) -> float:
        """measured/allowed."""
        if self.witness is None or self.witness.measured is None or self.witness.allowed is None:
            return 0.0
        measured, allowed = _number(self.witness.measured), _number(self.witness.allowed)
        return measured / allowed if allowed else inf

    @property
    def largest(self) -> float:
        """The largest magnitude among entries that are written out."""
        arguments = self.witness.arguments.values() if self.witness else ()
        entries = [abs(float.fromhex(v)) for a in arguments if a["dtype"] != "int64" for v in a.get("values", ())]
        return max((v for v in entries if v < inf), default=inf)

    def to_json(self) -> dict[str, str]:
        """The reference: property, dtype, and which witness."""
        named = {"property": self.cell.property, "dtype": self.cell.dtype, "witness": self.which}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Finding:
    """One defect of one subject, and the cells that it explains.

    `cause` is one of `CAUSES`; of no diagnosed cause it is "unknown", or "crashed" or "hung". `hides` are defects that
    show only once this one is corrected; `first` says that it should be, before others of the subject.
    """

    signs: Sequence[Sign]
    cause: str
    hides: Sequence[Finding] = ()
    first: bool = False
    cells: Sequence[Cell] = field(init=False)

    def __post_init__(self) -> None:
        cells = {id(s.cell): s.cell for s in self.signs}
        object.__setattr__(self, "cells", list(cells.values()))

    @property
    def subject(self) -> str:
        """The word that named the subject."""
        return self.cells[0].subject

    @property
    def role(self) -> str:
        """The role that it was audited as."""
        return self.cells[0].role

    @property
    def key(self) -> tuple[str, str]:
        """Role and subject."""
        return self.role, self.subject

    @property
    def properties(self) -> list[str]:
        """The properties that fail."""
        return list(dict.fromkeys(c.property for c in self.cells))

    @property
    def dtypes(self) -> list[str]:
        """The dtypes in which they do."""
        return list(dict.fromkeys(c.dtype for c in self.cells))

    @property
    def severity(self) -> str:
        """The most severe of the cells'."""
        return min((c.severity for c in self.cells), key=severity_rank, default="")

    @property
    def expected(self) -> bool:
        """Whether each of the cells is declared."""
        return not any(c.unexpected for c in self.cells)

    @property
    def missed(self) -> bool:
        """Whether it is a declared failure that did not come."""
        return self.cause == MISSED

    @property
    def correction(self) -> str:
        """The correction that clears it, or an empty string."""
        return next((s.correction for s in self.signs if s.correction), "")

    @property
    def fix(self) -> str:
        """What to change: the fix of the cause, or of its correction; empty where the cause is not known.

        A correction may clear a witness without being what is wrong.
        """
        if self.cause not in CAUSES or self.cause == UNKNOWN:
            return ""
        return CORRECTIONS[self.correction].fix if self._by_correction else self._of_cause[0]

    @property
    def brief(self) -> str:
        """The fix in a sentence."""
        if self.cause in CAUSES and self.cause != UNKNOWN and not self._by_correction:
            return self._of_cause[1]
        return self.fix

    @property
    def _of_cause(self) -> tuple[str, str]:
        """Fix and brief of the cause; others of the same, where none of its corrections clears a witness."""
        cause = CAUSES[self.cause]
        cleared = bool({s.correction for s in self.signs} & {*cause.corrections})
        return cause.otherwise if cause.otherwise[0] and not cleared else (cause.fix, cause.brief)

    @property
    def _by_correction(self) -> bool:
        """Whether the cause has several fixes, and the experiment tells which."""
        return self.cause in CAUSES and self.correction in CAUSES[self.cause].corrections[1:]

    @property
    def simplest(self) -> Sign:
        """The plainest sign of the cause, of the most severe: small, with an exact value beside it, in float32."""
        return min(self.signs, key=self._plain)

    @property
    def worst(self) -> Sign:
        """The sign with the largest measured/allowed, the smallest of those that share it."""
        return max(
            self.signs, key=lambda s: (s.ratio, bool(s.witness and s.witness.exact), s.which == "worst", -s.size)
        )

    def _plain(self, sign: Sign) -> tuple[Any, ...]:
        witness = sign.witness
        return (
            witness is None,
            sign.cause != self.cause,
            sign.cell.severity != self.severity,
            sign.which != "simplest",
            sign.cell.dtype != SHOWN_DTYPE,
            sign.size,
            not (witness and witness.exact),
            sign.largest,
        )

    def to_json(self) -> dict[str, Any]:
        """The finding, with references to the cells that it explains."""
        record: dict[str, Any] = {
            "subject": self.subject,
            "role": self.role,
            "cause": self.cause,
            "severity": self.severity,
            "fix": self.fix,
            "properties": self.properties,
            "dtypes": self.dtypes,
            "expected": self.expected,
            "first": self.first,
            "simplest": self.simplest.to_json(),
            "worst": self.worst.to_json(),
            "cells": [[c.property, c.dtype] for c in self.cells],
            "hides": [hidden.to_json() for hidden in self.hides],
        }
        return {name: value for name, value in record.items() if value or name not in ("severity", "fix", "hides")}


def findings_of(cells: Iterable[Cell]) -> list[Finding]:
    """The findings among cells: what nobody declared first, then by severity, then what hides others, then by size."""
    by_subject: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.found or cell.missed:
            by_subject[cell.role, cell.subject].append(cell)
    found = [finding for among in by_subject.values() for finding in _of_subject(among)]
    return sorted(found, key=lambda f: (f.expected, severity_rank(f.severity), not f.first, -len(f.cells)))


def _of_subject(cells: Sequence[Cell]) -> list[Finding]:
    signs = list(_signs(cells))
    known = _by_correction_and_cause(s for s in signs if s.cell.verdict == "refuted" and not _unknown(s))
    unknown = _beside_known([s for s in signs if _unknown(s)], known)
    groups = [*known, *_of_unknown_cause(unknown)]
    groups += _alike(s for s in signs if s.cell.found and s.cell.verdict != "refuted")
    in_order = ([s for s in signs if _among(s, group)] for group in groups if group)
    findings = [Finding(group, _cause_of(group)) for group in in_order]
    if missed := [Sign(c) for c in cells if c.missed]:
        findings.append(Finding(missed, MISSED))
    return [_first(finding, findings) for finding in _hidden(findings)]


def _signs(cells: Iterable[Cell]) -> Iterator[Sign]:
    for cell in cells:
        kinds = [kind for kind in ("simplest", "worst", "beneath") if getattr(cell, kind) is not None]
        if cell.found:
            yield from (Sign(cell, kind) for kind in kinds)
        if cell.found and not kinds:
            yield Sign(cell)


def _unknown(sign: Sign) -> bool:
    return sign.cell.verdict == "refuted" and sign.cause == UNKNOWN


def _by_correction_and_cause(signs: Iterable[Sign]) -> list[list[Sign]]:
    """What has known causes: what one correction of values clears; and what has one cause, beside what is so cleared.

    Corrections of how values are arranged are several for one cause, of which the case tells which applies.
    """
    cleared: dict[str, list[Sign]] = defaultdict(list)
    caused: dict[str, list[Sign]] = defaultdict(list)
    for sign in signs:
        if sign.correction and CORRECTIONS[sign.correction].of_values:
            cleared[sign.correction].append(sign)
        else:
            caused[sign.cause].append(sign)
    for cause in list(caused):
        home = next((group for group in cleared.values() if any(s.cause == cause for s in group)), None)
        if home is not None:
            home += caused.pop(cause)
    return [*cleared.values(), *caused.values()]


def _beside_known(signs: Sequence[Sign], known: Sequence[list[Sign]]) -> list[Sign]:
    """Those of unknown cause that none of the known groups takes along.

    A group takes what its correction clears. What differs from call to call takes what was seen once, and what fails on
    ordinary rows takes what refutes its cells.
    """
    left = list(signs)
    for group in known:
        causes, corrections = {s.cause for s in group}, {s.correction for s in group} - {""}
        ordinary, names = any(name in CAUSES and CAUSES[name].ordinary for name in causes), {s.name for s in group}
        for sign in list(left):
            if sign.witness is None:
                continue
            unstable = bool(causes & {*UNSTABLE}) and bool(unrepeated(sign.witness))
            if unstable or sign.correction in corrections or (ordinary and names & {*sign.witness.refutes}):
                group.append(sign)
                left = [s for s in left if s is not sign]
    return left


def _of_unknown_cause(signs: Sequence[Sign]) -> list[list[Sign]]:
    """The smallest first: each takes along what it refutes, what refutes it, and what those take along in turn."""
    left, groups = sorted(signs, key=lambda s: s.size), []
    while left:
        group, new = [left[0]], [left[0]]
        while new:
            new = [s for s in left if not _among(s, group) and any(_joined(one, s) for one in new)]
            group += new
        groups.append([s for s in left if _among(s, group)])
        left = [s for s in left if not _among(s, group)]
    return groups


def _among(sign: Sign, signs: Iterable[Sign]) -> bool:
    return any(sign is one for one in signs)


def _joined(one: Sign, other: Sign) -> bool:
    if one.cell is other.cell or (one.correction and one.correction == other.correction):
        return True
    if one.cell.detail.startswith("raises ") and one.cell.detail == other.cell.detail:
        return True
    if one.cell.property == other.cell.property and _failure(one) and _failure(one) == _failure(other):
        return True  # in another dtype
    if one.witness is None or other.witness is None or not (one.witness.refutes or other.witness.refutes):
        return one.cell.property == other.cell.property  # nothing was tried: in other dtypes it is the same
    return other.name in one.witness.refutes or one.name in other.witness.refutes


def _failure(sign: Sign) -> str:
    """How it fails, whatever numbers that has: in words, or by an answer that is no number. Else an empty string.

    What a witness of one dtype holds may have no place in another's format: there the same property fails alike.
    """
    if sign.cell.detail:
        return _without_numbers(sign.cell.detail)
    answers = sign.witness.got.split(" and ") if sign.witness is not None else []
    shown = [answer if answer in NOT_NUMBERS else "#" for answer in answers]
    return " and ".join(shown) if {*shown} - {"#"} else ""


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _alike(signs: Iterable[Sign]) -> list[list[Sign]]:
    """Cells that crashed or hung, by verdict and by what was said of it, whatever numbers that has."""
    table: dict[tuple[str, str], list[Sign]] = defaultdict(list)
    for sign in signs:
        table[sign.cell.verdict, _without_numbers(sign.cell.detail)].append(sign)
    return list(table.values())


def _cause_of(signs: Sequence[Sign]) -> str:
    """The first of the known causes, as `CAUSES` has them; or how the cells ended."""
    verdicts = {s.cell.verdict for s in signs}
    if "refuted" not in verdicts:
        return signs[0].cell.verdict
    known: Mapping[str, int] = {name: place for place, name in enumerate(CAUSES)}
    return min((s.cause for s in signs), key=lambda cause: known.get(cause, len(known)))


def _hidden(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with those of sums inside that which loses the terms before they are added up."""
    losses = [f for f in findings if f.cause in CAUSES and CAUSES[f.cause].loss and f.correction not in ADDED_UP]
    if not losses:
        return list(findings)
    loss = losses[0]
    sums = [
        f
        for f in findings
        if f is not loss and f.correction in ADDED_UP and {*f.dtypes} <= {*loss.dtypes} and f.expected >= loss.expected
    ]
    whole = Finding(loss.signs, loss.cause, sums)
    return [whole if f is loss else f for f in findings if not any(f is one for one in sums)]


def _first(finding: Finding, among: Sequence[Finding]) -> Finding:
    """The finding, which comes first if a cell of its hides another."""
    beneath = {id(s.cell) for f in among for s in f.signs if s.which == "beneath" and f.signs is not finding.signs}
    own = {id(s.cell) for s in finding.signs if s.which != "beneath"}
    first = bool(finding.hides) or bool(own & beneath)
    return Finding(finding.signs, finding.cause, finding.hides, first)


def _number(value: float | str) -> float:
    """What was measured; 0 of what is no number, as a damaged record may have it."""
    try:
        return float(value)
    except ValueError:
        return 0.0
