"""The baseline: the findings that a team has today, a file of JSON to read and to review.

An entry is a finding: its cells with their witnesses, the plainest first, and three keys for people: when it was first
seen, why it is let pass, and until when. Keys that are not known are kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from extremum.properties.values.finding import Cell, severity_rank
from extremum.reference.errors import UsageError
from extremum.reports.record.compact import packed_witnesses, unpacked_witnesses
from extremum.reports.record.findings import Finding, findings_of
from extremum.reports.record.reading import check_cell, check_keys, read_json

BASELINE = "extremum.baseline/"
SCHEMA = f"{BASELINE}2"
KNOWN = "known: in the baseline"  # why a cell is let pass
KEYS = ("subject", "role", "cause", "severity", "properties", "dtypes")  # of an entry, that its finding tells
OF_CELL = ("property", "dtype", "code", "verdict", "severity", "cause", "measured", "allowed", "unit")
WITNESSES = ("simplest", "worst")
PEOPLES = {"first_seen": str, "reason": str, "expires": str, "word": str, "of": str}


class Known(NamedTuple):
    """A cell of an entry. It is `moved` where its subject is not found: one of another name may be it."""

    cell: Cell
    moved: bool = False

    def covers(self, cell: Cell) -> bool:
        """Whether a finding is this one: of the same subject, or where that has moved by the witness; and no graver.

        A witness alone does not tell: the largest float that an exponential takes shows the same defect of others.
        """
        known = self.cell
        if (known.role, known.property, known.dtype) != (cell.role, cell.property, cell.dtype):
            return False
        simplest = (known.simplest, cell.simplest)
        same = all(simplest) and simplest[0].arguments == simplest[1].arguments  # type: ignore[union-attr]
        if cell.subject != known.subject and not (self.moved and same):
            return False
        ended = cell.verdict != "refuted" and known.verdict == "refuted"
        return not ended and severity_rank(cell.severity) >= severity_rank(known.severity)


@dataclass(frozen=True)
class Entry:
    """A finding that is known. `word` names its subject as a command line does, `row` is what the file has of it."""

    cells: Sequence[Cell]
    word: str
    of: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The subject of its cells."""
        return self.cells[0].subject

    @property
    def role(self) -> str:
        """The role of its cells."""
        return self.cells[0].role

    @property
    def cause(self) -> str:
        """The cause that its finding had."""
        return str(self.row.get("cause", ""))

    def expired(self, today: date) -> bool:
        """Whether its date is past."""
        text = self.row.get("expires", "")
        return bool(text) and date.fromisoformat(text) < today


def read_baseline(path: Path) -> list[Entry]:
    """The entries of a file; raises `UsageError` with the file, the key and what would be valid there."""
    value = read_json(path)
    try:
        schema = value.get("schema") if isinstance(value, dict) else None
        if schema != SCHEMA:
            raise UsageError(f"schema={schema!r} is not {SCHEMA!r}: 'extremum baseline REPORT' makes a baseline")
        check_keys(value, {"entries": list[dict[str, Any]]}, "")
        return [_entry(row, f"entries[{number}]") for number, row in enumerate(value["entries"])]
    except UsageError as error:
        raise UsageError(f"{str(path)!r}: {error}") from None


def updated(
    entries: Sequence[Entry],
    cells: Iterable[Cell],
    words: Mapping[tuple[str, str], tuple[str, str]],
    today: date,
    gone: Collection[tuple[str, ...]] = (),
) -> list[Entry]:
    """The entries of the findings among these cells, with what people wrote of them before, in order.

    A cell that was judged and is no finding any more leaves its entry, and one whose subject is `gone`, by `Cell.key`;
    those of other cells stay. An entry without cells goes.
    """
    rows = list(cells)
    subjects = {(cell.role, cell.subject) for cell in rows}
    judged = {*gone, *(cell.key for cell in rows if cell.verdict != "incomplete")}
    left = [[c for c in e.cells if c.key not in judged] for e in entries]
    fresh = []
    for finding, found in _by_finding(rows):
        names = finding.role, finding.subject
        olds = [
            number
            for number, e in enumerate(entries)
            if any(_continues(c, cell, moved=(c.role, c.subject) not in subjects) for c in e.cells for cell in found)
        ]
        said = _joined([entries[number].row for number in olds])
        word, of = words.get(names, (finding.subject, ""))
        for number in olds:
            keys = {c.key for c in found}
            if entries[number].subject == finding.subject:  # what was not judged this time is of the same finding
                found += [c for c in left[number] if c.key not in keys]
                left[number] = []
            else:
                left[number] = [c for c in left[number] if not any(_continues(c, f, moved=True) for f in found)]
        fresh.append(_made(finding, found, {"first_seen": today.isoformat(), **said, "word": word, "of": of}))
    kept = [replace(e, cells=cells, row=_row(e, cells)) for e, cells in zip(entries, left, strict=True) if cells]
    return sorted([*fresh, *kept], key=lambda e: (e.role, e.subject, e.cells[0].code, e.cells[0].dtype))


def text(entries: Iterable[Entry]) -> str:
    """The file: a key a line, and a cell and a witness a line, so that a change of the file can be read."""
    rows = []
    for entry in entries:
        keys = [
            f"   {json.dumps(key)}: {_shown(value)}"
            for key, value in (*entry.row.items(), ("cells", [_cell_row(cell) for cell in entry.cells]))
        ]
        rows.append("\n  {\n" + ",\n".join(keys) + "\n  }")
    return f'{{\n "schema": {json.dumps(SCHEMA)},\n "entries": [{",".join(rows)}\n ]\n}}\n'


def _shown(value: Any) -> str:
    """A value as JSON: of a list of objects each in a line, and each object in it too."""
    if not isinstance(value, list) or not any(isinstance(row, Mapping) for row in value):
        return json.dumps(value, allow_nan=False)
    rows = []
    for row in value:
        plain = json.dumps({k: v for k, v in row.items() if not isinstance(v, Mapping)}, allow_nan=False)
        inner = [
            f"     {json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in row.items() if isinstance(v, Mapping)
        ]
        rows.append("    " + ",\n".join([plain[:-1], *inner]) + "}")
    return "[\n" + ",\n".join(rows) + "\n   ]"


def _by_finding(cells: Sequence[Cell]) -> Iterator[tuple[Finding, list[Cell]]]:
    """Each finding that nobody declared, with its cells: a cell has the witnesses that are signs of the finding.

    What is hidden belongs to what hides it. A cell that is a finding under a correction alone has no witness there.
    """
    for finding in findings_of(cells):
        signs = [s for f in (finding, *finding.hides) for s in f.signs if s.cell.found and not s.cell.expected]
        if not signs:
            continue
        signs.sort(key=lambda s: s.cell is not finding.simplest.cell)
        of = {id(s.cell): s.cell for s in signs}
        which = {key: {s.which for s in signs if s.cell is cell} for key, cell in of.items()}
        yield finding, [_with_witnesses(cell, which[key]) for key, cell in of.items()]


def _with_witnesses(cell: Cell, which: Collection[str]) -> Cell:
    simplest, worst = (getattr(cell, name) if name in which else None for name in WITNESSES)
    worst = None if worst == simplest else worst
    return replace(cell, simplest=simplest or worst, worst=worst if simplest else None, beneath=None, accepted="")


def _continues(old: Cell, new: Cell, moved: bool) -> bool:
    return old.key == new.key or Known(old, moved).covers(new)


def _joined(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What people wrote into entries that are one finding now: the earliest dates, every reason."""
    said: dict[str, Any] = {"reason": "", "expires": ""}
    for row in reversed(rows):
        said |= {name: value for name, value in row.items() if name not in KEYS}
    reasons = dict.fromkeys(row["reason"] for row in rows if row.get("reason"))
    dates = {name: [row[name] for row in rows if row.get(name)] for name in ("first_seen", "expires")}
    return said | {"reason": "; ".join(reasons)} | {name: min(days) for name, days in dates.items() if days}


def _made(finding: Finding, cells: Sequence[Cell], said: Mapping[str, Any]) -> Entry:
    known = {"subject": finding.subject, "role": finding.role, "cause": finding.cause, "severity": finding.severity}
    entry = Entry(cells, said["word"], said["of"], known | dict(said))
    return replace(entry, row=_row(entry, cells))


def _row(entry: Entry, cells: Sequence[Cell]) -> dict[str, Any]:
    """The row of an entry for these cells, its keys in order."""
    own = {"properties": _names(cells, "property"), "dtypes": _names(cells, "dtype")}
    first = {name: {**entry.row, **own}[name] for name in KEYS if name in {**entry.row, **own}}
    return first | {name: value for name, value in entry.row.items() if name not in KEYS}


def _names(cells: Iterable[Cell], name: str) -> list[str]:
    return list(dict.fromkeys(getattr(cell, name) for cell in cells))


def _cell_row(cell: Cell) -> dict[str, Any]:
    known = cell.to_json()
    return packed_witnesses({name: known[name] for name in (*OF_CELL, *WITNESSES) if known.get(name) is not None})


def _entry(row: Mapping[str, Any], where: str) -> Entry:
    check_keys(row, {"subject": str, "role": str, "cells": list[dict[str, Any]]}, where)
    check_keys(row, {name: kind for name, kind in PEOPLES.items() if name in row}, where)
    cells = [_cell(of, row, f"{where}.cells[{number}]") for number, of in enumerate(row["cells"])]
    if not cells:
        raise UsageError(f"{where}.cells is empty: a cell that fails is needed")
    for key, name in (("properties", "property"), ("dtypes", "dtype")):
        if key in row and row[key] != _names(cells, name):
            raise UsageError(f"{where}.{key}={row[key]!r:.60} are not those of its cells: {_names(cells, name)}")
    for name in ("first_seen", "expires"):
        try:
            date.fromisoformat(row.get(name) or "2000-01-01")
        except ValueError:
            raise UsageError(f"{where}.{name}={row[name]!r} is not a date; write 2026-12-31, or nothing") from None
    kept = {name: value for name, value in row.items() if name != "cells"}
    return Entry(cells, row.get("word") or row["subject"], row.get("of", ""), kept)


def _cell(row: Mapping[str, Any], entry: Mapping[str, Any], where: str) -> Cell:
    check_keys(row, {"verdict": str}, where)
    whole = unpacked_witnesses({"subject": entry["subject"], "role": entry["role"], **row}, where)
    check_cell(whole, where)
    cell = Cell.from_json(whole)
    if not cell.found:
        raise UsageError(f"{where}.verdict={cell.verdict!r} is no finding: refuted, crashed or hung is needed")
    return cell
