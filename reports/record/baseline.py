"""The baseline: the findings that a team has today, a file of JSON to read and to review.

An entry is a cell with its witnesses and three keys for people: when it was first seen, why it is let pass, and until
when. Keys that are not known are kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from extremum.properties.values.finding import Cell, severity_rank
from extremum.reference.errors import UsageError
from extremum.reports.record.reading import check_cell, check_keys, read_json

BASELINE = "extremum.baseline/"
SCHEMA = f"{BASELINE}1"
KEYS = ("subject", "role", "property", "dtype", "code", "verdict", "severity", "cause", "measured", "allowed", "unit")
PEOPLES = {"first_seen": str, "reason": str, "expires": str, "word": str, "of": str}


@dataclass(frozen=True)
class Entry:
    """A finding that is known. `word` names its subject as a command line does, `row` is what the file has.

    It is `moved` where no such subject is found: another one may be it, of another name.
    """

    cell: Cell
    word: str
    of: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)
    moved: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What an entry and a cell always have in common: role, property, dtype."""
        return self.cell.role, self.cell.property, self.cell.dtype

    def expired(self, today: date) -> bool:
        """Whether its date is past."""
        text = self.row.get("expires", "")
        return bool(text) and date.fromisoformat(text) < today

    def covers(self, cell: Cell) -> bool:
        """Whether a finding is this one: of the same subject, or where that has moved by the witness; and no graver.

        A witness alone does not tell: the largest float that an exponential takes shows the same defect of others.
        """
        if self.key != (cell.role, cell.property, cell.dtype):
            return False
        simplest = (self.cell.simplest, cell.simplest)
        same = all(simplest) and simplest[0].arguments == simplest[1].arguments  # type: ignore[union-attr]
        if cell.subject != self.cell.subject and not (self.moved and same):
            return False
        ended = cell.verdict != "refuted" and self.cell.verdict == "refuted"
        return not ended and severity_rank(cell.severity) >= severity_rank(self.cell.severity)


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

    Of a cell that was judged and is no finding any more the entry goes, and of one whose subject is `gone`, by
    `Cell.key`; those of other cells stay.
    """
    rows = list(cells)
    subjects = {(cell.role, cell.subject) for cell in rows}
    moved = [replace(e, moved=(e.cell.role, e.cell.subject) not in subjects) for e in entries]
    judged = {*gone, *(cell.key for cell in rows if cell.verdict != "incomplete")}
    fresh = []
    matched: list[Entry] = []
    for cell in rows:
        if not cell.found or cell.expected:
            continue
        old = next((e for e in moved if e.cell.key == cell.key), None) or next(
            (e for e in moved if e.covers(cell)), None
        )
        matched += [] if old is None else [old]
        word, of = words.get((cell.role, cell.subject), (cell.subject, ""))
        kept = {} if old is None else {k: v for k, v in old.row.items() if k not in (*KEYS, "simplest", "worst")}
        fresh.append(
            _made(cell, {"first_seen": today.isoformat(), "reason": "", "expires": "", **kept, "word": word, "of": of})
        )
    left = [e for e in moved if e not in matched and e.cell.key not in judged]
    return sorted([*fresh, *left], key=lambda e: (*e.key, e.word))


def text(entries: Iterable[Entry]) -> str:
    """The file: a key a line, and a witness a line, so that a change of the file can be read."""
    rows = []
    for entry in entries:
        keys = (f"   {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in entry.row.items())
        rows.append("\n  {\n" + ",\n".join(keys) + "\n  }")
    return f'{{\n "schema": {json.dumps(SCHEMA)},\n "entries": [{",".join(rows)}\n ]\n}}\n'


def _made(cell: Cell, said: Mapping[str, Any]) -> Entry:
    cell = replace(cell, accepted="")
    known = cell.to_json()
    row = {name: known[name] for name in KEYS if name in known} | dict(said)
    row |= {name: known[name] for name in ("simplest", "worst") if name in known}
    if row.get("worst") == row.get("simplest"):
        row.pop("worst", None)
    return Entry(cell, said["word"], said["of"], row)


def _entry(row: Mapping[str, Any], where: str) -> Entry:
    check_keys(row, {"verdict": str}, where)
    check_cell(row, where)
    check_keys(row, {name: kind for name, kind in PEOPLES.items() if name in row}, where)
    cell = Cell.from_json({"worst": row.get("simplest"), **row})
    if not cell.found:
        raise UsageError(f"{where}.verdict={cell.verdict!r} is no finding: refuted, crashed or hung is needed")
    for name in ("first_seen", "expires"):
        try:
            date.fromisoformat(row.get(name) or "2000-01-01")
        except ValueError:
            raise UsageError(f"{where}.{name}={row[name]!r} is not a date; write 2026-12-31, or nothing") from None
    return Entry(cell, row.get("word") or cell.subject, row.get("of", ""), row)
