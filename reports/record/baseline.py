"""The baseline: the findings that a team has today, a file of JSON to read and to review.

An entry is a finding: its cells with their witnesses, the plainest first, and three keys for people: when it was first
seen, why it is let pass, and until when. Keys that are not known are kept, those of a
cell and of the file too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from extremum.properties.diagnosis.cause_table import UNKNOWN
from extremum.properties.values.finding import SEVERITIES, Cell, severity_rank
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
BENEATH = "beneath"  # true of a cell that another finding hides: what shows it is seen once that is mended
CELLS, AUDITED = "cells", "audited"
PEOPLES = {"first_seen": str, "reason": str, "expires": str, "word": str, "of": str}

Key = tuple[str, str]  # role and subject; or property and dtype


class Known(NamedTuple):
    """A cell of an entry, with the causes of all its cells.

    It is `moved` where its function is gone: one that was not `audited` before, of another name, may be it.
    """

    cell: Cell
    causes: frozenset[str] = frozenset()
    moved: bool = False
    audited: frozenset[Key] = frozenset()

    def covers(self, cell: Cell) -> bool:
        """Whether a finding is this one: of the same subject, or where that has moved by the witness; and no graver.

        A witness alone does not tell: the largest float that an exponential takes shows the same defect of others. A
        cause that is known tells, where those of the entry are: another one is another defect.
        """
        known = self.cell
        if (known.role, known.property, known.dtype) != (cell.role, cell.property, cell.dtype):
            return False
        if cell.subject != known.subject and not (self.moved and self._is_renamed(cell)):
            return False
        if cell.cause not in ("", UNKNOWN) and self.causes and not self.causes & {cell.cause, UNKNOWN}:
            return False
        ended = cell.verdict != "refuted" and known.verdict == "refuted"
        return not ended and severity_rank(cell.severity) >= severity_rank(known.severity)

    def _is_renamed(self, cell: Cell) -> bool:
        simplest = (self.cell.simplest, cell.simplest)
        same = all(simplest) and simplest[0].arguments == simplest[1].arguments  # type: ignore[union-attr]
        return same and (cell.role, cell.subject) not in self.audited


@dataclass(frozen=True)
class Entry:
    """A finding that is known. `word` names its subject as a command line does, `row` is what the file has of it.

    `notes` are the keys of its cells that are not known, by property and dtype.
    """

    cells: Sequence[Cell]
    word: str
    of: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)

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

    @property
    def causes(self) -> frozenset[str]:
        """The causes of the finding and of its cells."""
        return frozenset({self.cause, *(cell.cause for cell in self.cells)} - {""})

    def expired(self, today: date) -> bool:
        """Whether its date is past."""
        text = self.row.get("expires", "")
        return bool(text) and date.fromisoformat(text) < today


@dataclass(frozen=True)
class Baseline:
    """A file: its entries, the subjects that were audited for it, by role and name, and its keys that are not known."""

    entries: Sequence[Entry] = ()
    audited: frozenset[Key] = frozenset()
    notes: Mapping[str, Any] = field(default_factory=dict)


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file; raises `UsageError` with the file, the key and what would be valid there."""
    value = read_json(path)
    try:
        schema = value.get("schema") if isinstance(value, dict) else None
        if schema != SCHEMA:
            raise UsageError(f"schema={schema!r} is not {SCHEMA!r}: 'extremum baseline REPORT' makes a baseline")
        check_keys(value, {"entries": list[dict[str, Any]]}, "")
        check_keys(value, {AUDITED: list[list[str]]} if AUDITED in value else {}, "")
        audited = value.get(AUDITED, [])
        if odd := next((row for row in audited if len(row) != 2), None):
            raise UsageError(f"{AUDITED} has {odd!r:.60}: a role and a subject are needed")
        entries = [_entry(row, f"entries[{number}]") for number, row in enumerate(value["entries"])]
        notes = {name: part for name, part in value.items() if name not in ("schema", "entries", AUDITED)}
        return Baseline(entries, frozenset((role, name) for role, name in audited), notes)
    except UsageError as error:
        raise UsageError(f"{str(path)!r}: {error}") from None


def updated(
    before: Baseline,
    cells: Iterable[Cell],
    words: Mapping[Key, tuple[str, str]],
    today: date,
    gone: Collection[tuple[str, ...]] = (),
) -> Baseline:
    """The baseline of the findings among these cells, with what people wrote of them before, in order.

    A cell that was judged and is no finding any more leaves its entry, and one whose subject is `gone`, by `Cell.key`;
    those of other cells stay. An entry without cells goes.
    """
    rows = list(cells)
    judged = {*gone, *(cell.key for cell in rows if cell.verdict != "incomplete")}
    left = [[c for c in e.cells if c.key not in judged] for e in before.entries]
    found = list(_by_finding(rows))
    matched = _matched(before, found, {*gone})
    fresh = []
    for number, (finding, of) in enumerate(found):
        olds = [place for place, match in matched.items() if match == number]
        said = _joined([before.entries[place].row for place in olds])
        notes = {key: note for place in reversed(olds) for key, note in before.entries[place].notes.items()}
        own = {cell.key for cell in of}
        for place in olds:
            of += [c for c in left[place] if c.subject == finding.subject and c.key not in own]
            own |= {cell.key for cell in of}
            left[place] = [c for c in left[place] if c.subject != finding.subject]
        word, of_word = words.get((finding.role, finding.subject), (finding.subject, ""))
        row = {"first_seen": today.isoformat(), **said, "word": word, "of": of_word}
        fresh.append(_made(finding, of, row, notes))
    kept = [replace(e, cells=cells, row=_row(e, cells)) for e, cells in zip(before.entries, left, strict=True) if cells]
    entries = sorted([*fresh, *kept], key=lambda e: (e.role, e.subject, e.cells[0].code, e.cells[0].dtype))
    audited = {*before.audited, *((c.role, c.subject) for c in rows)} - {(key[0], key[1]) for key in gone}
    return Baseline(entries, frozenset(audited), before.notes)


def _matched(
    before: Baseline, found: Sequence[tuple[Finding, list[Cell]]], gone: Collection[tuple[str, ...]]
) -> dict[int, int]:
    """The finding that each entry goes on as, by their places: the one of its cause that has most of its cells.

    An entry whose function is gone goes on as a finding of no other entry, by its witnesses.
    """
    pairs = []
    for place, entry in enumerate(before.entries):
        for number, (finding, cells) in enumerate(found):
            if shared := len({cell.key for cell in cells} & {cell.key for cell in entry.cells}):
                pairs.append((finding.cause != entry.cause, -shared, place, number))
    pairs.sort()
    matched: dict[int, int] = {}
    for *_, place, number in pairs:
        if place not in matched and number not in matched.values():
            matched[place] = number
    for *_, place, number in pairs:
        matched.setdefault(place, number)  # several entries that are one finding now
    for place, entry in enumerate(before.entries):
        if place in matched or not any(cell.key in gone for cell in entry.cells):
            continue
        known = [Known(cell, entry.causes, True, before.audited) for cell in entry.cells]
        free = (number for number in range(len(found)) if number not in matched.values())
        renamed = (n for n in free if any(k.covers(cell) for k in known for cell in found[n][1]))
        if (heir := next(renamed, None)) is not None:
            matched[place] = heir
    return matched


def text(baseline: Baseline) -> str:
    """The file: a key a line, and a cell and a witness a line, so that a change of the file can be read."""
    rows = []
    for entry in baseline.entries:
        keys = [f"   {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in entry.row.items()]
        cells = ",\n".join(_cell_text(cell, entry.notes.get((cell.property, cell.dtype), {})) for cell in entry.cells)
        keys.append(f"   {json.dumps(CELLS)}: [\n{cells}\n   ]")
        rows.append("\n  {\n" + ",\n".join(keys) + "\n  }")
    head = {"schema": SCHEMA, **baseline.notes, AUDITED: sorted(map(list, baseline.audited))}
    lines = [f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in head.items()]
    return "{\n" + ",\n".join([*lines, f' "entries": [{",".join(rows)}\n ]']) + "\n}\n"


def _cell_text(cell: Cell, notes: Mapping[str, Any]) -> str:
    """A cell in a line, and each of its witnesses in one."""
    row = {**_cell_row(cell), **notes}
    plain = json.dumps({name: value for name, value in row.items() if name not in WITNESSES}, allow_nan=False)
    seen = [f"     {json.dumps(name)}: {json.dumps(row[name], allow_nan=False)}" for name in WITNESSES if name in row]
    return "    " + ",\n".join([plain[:-1], *seen]) + "}"


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


def _joined(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What people wrote into entries that are one finding now: the earliest dates, every reason."""
    said: dict[str, Any] = {"reason": "", "expires": ""}
    for row in reversed(rows):
        said |= {name: value for name, value in row.items() if name not in KEYS}
    reasons = dict.fromkeys(row["reason"] for row in rows if row.get("reason"))
    dates = {name: [row[name] for row in rows if row.get(name)] for name in ("first_seen", "expires")}
    return said | {"reason": "; ".join(reasons)} | {name: min(days) for name, days in dates.items() if days}


def _made(
    finding: Finding, cells: Sequence[Cell], said: Mapping[str, Any], notes: Mapping[Key, Mapping[str, Any]]
) -> Entry:
    known = {"subject": finding.subject, "role": finding.role, "cause": finding.cause, "severity": finding.severity}
    entry = Entry(cells, said["word"], said["of"], known | dict(said), notes)
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
    row = {name: known[name] for name in (*OF_CELL, *WITNESSES) if known.get(name) is not None}
    hidden = cell.verdict == "refuted" and cell.simplest is None
    return packed_witnesses(row | ({BENEATH: True} if hidden else {}))


def _entry(row: Mapping[str, Any], where: str) -> Entry:
    check_keys(row, {"subject": str, "role": str, CELLS: list[dict[str, Any]]}, where)
    check_keys(row, {name: kind for name, kind in {**PEOPLES, "cause": str}.items() if name in row}, where)
    _check_severity(row, where)
    cells = [_cell(of, row, f"{where}.{CELLS}[{number}]") for number, of in enumerate(row[CELLS])]
    if not cells:
        raise UsageError(f"{where}.{CELLS} is empty: a cell that fails is needed")
    for key, name in (("properties", "property"), ("dtypes", "dtype")):
        if key in row and row[key] != _names(cells, name):
            raise UsageError(f"{where}.{key}={row[key]!r:.60} are not those of its cells: {_names(cells, name)}")
    for name in ("first_seen", "expires"):
        try:
            date.fromisoformat(row.get(name) or "2000-01-01")
        except ValueError:
            raise UsageError(f"{where}.{name}={row[name]!r} is not a date; write 2026-12-31, or nothing") from None
    kept = {name: value for name, value in row.items() if name != CELLS}
    own = (*OF_CELL, *WITNESSES, BENEATH)
    notes = {
        (of["property"], of["dtype"]): {name: value for name, value in of.items() if name not in own}
        for of in row[CELLS]
    }
    return Entry(cells, row.get("word") or row["subject"], row.get("of", ""), kept, notes)


def _cell(row: Mapping[str, Any], entry: Mapping[str, Any], where: str) -> Cell:
    check_keys(row, {"verdict": str}, where)
    _check_severity(row, where)
    known = {name: row[name] for name in (*OF_CELL, *WITNESSES) if name in row}
    whole = unpacked_witnesses({"subject": entry["subject"], "role": entry["role"], **known}, where)
    check_cell(whole, where)
    cell = Cell.from_json(whole)
    if not cell.found:
        raise UsageError(f"{where}.verdict={cell.verdict!r} is no finding: refuted, crashed or hung is needed")
    if cell.verdict == "refuted" and cell.simplest is None and row.get(BENEATH) is not True:
        raise UsageError(f"key '{where}.simplest' is missing: the witness of a refuted cell is needed")
    return cell


def _check_severity(row: Mapping[str, Any], where: str) -> None:
    severity = row.get("severity", "")
    if severity not in ("", *SEVERITIES):
        raise UsageError(f"{where}.severity={severity!r:.60} is not known: valid: {', '.join(SEVERITIES)}")
