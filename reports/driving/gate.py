"""The gate of an audit: which findings fail the run, by a baseline and by their severity.

The controller runs the baseline's witnesses again before anything is judged; workers get the entries that still count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from extremum.properties.steps.rerun import ERROR, FIXED, STILL, WORSE, Replay
from extremum.properties.values.finding import SEVERITIES, Cell, severity_rank
from extremum.reports.driving.replays import Replays, dtypes_of, kept_of, line
from extremum.reports.record.baseline import KNOWN, Entry, Known, read_baseline
from extremum.reports.record.numbers import listed
from extremum.reports.record.record import GONE

GRAVITY = (WORSE, STILL, ERROR, FIXED, GONE)  # of a cell, or an entry, the first that a part of it has
TOLD = ("role", "subject", "property", "dtype", "code", "severity")  # of a cell of an entry, in a record
STALE = (FIXED, GONE)  # what is to go from the file


class Told(NamedTuple):
    """What became of an entry: a status of each cell, GONE where its function is; and a line for each witness."""

    entry: Entry
    statuses: Sequence[str]
    lines: Sequence[str] = ()

    @property
    def status(self) -> str:
        """The gravest of its cells'."""
        return next((s for s in GRAVITY if s in self.statuses), ERROR)


@dataclass
class Gate:
    """Cells that are let pass, what the replay of all entries said, and the least severity that fails the run."""

    known: Sequence[Known] = ()
    expired: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    fail_on: str | None = None
    strict: bool = False

    @staticmethod
    def of(files: Mapping[str, Any], replays: Replays) -> Gate:
        """The gate that the options ask for; raises `UsageError` for a baseline that cannot be read."""
        gate = Gate(fail_on=files.get("fail_on"), strict=bool(files.get("strict")))
        path: Path | None = files.get("baseline")
        if path is None:
            return gate
        baseline = read_baseline(path)
        kept = [[kept_of(cell, entry.word, entry.of) for cell in entry.cells] for entry in baseline.entries]
        dtypes = dtypes_of(row for of_entry in kept for rows in of_entry for row in rows)
        known = []
        try:
            for entry, of_entry in zip(baseline.entries, kept, strict=True):
                if entry.expired(date.today()):
                    gate.expired.append(f"{ERROR} {entry.subject}  {entry.cause}  its entry has expired")
                    continue
                statuses, lines = [], []
                for cell, rows in zip(entry.cells, of_entry, strict=True):
                    runs = [(row, *replays.of(row, dtypes[row.word, row.cell.role])) for row in rows]
                    status = _status([outcome for _, outcome, _ in runs])
                    statuses.append(status)
                    lines += [line(row, outcome) for row, outcome, _ in runs]
                    if status not in (WORSE, FIXED):  # what is fixed and fails all the same fails for something else
                        moved = status == GONE
                        known.append(Known(cell, entry.causes, moved, baseline.audited if moved else frozenset()))
                gate.told.append(Told(entry, statuses, lines))
        finally:
            replays.shared.close()
        gate.known = known
        return gate

    @property
    def statuses(self) -> list[str]:
        """What became of the entries whose date is not past."""
        return [told.status for told in self.told]

    @property
    def lines(self) -> list[str]:
        """A line for each witness, and for each entry whose date is past."""
        return [*self.expired, *(line for told in self.told for line in told.lines)]

    @property
    def rows(self) -> list[dict[str, str]]:
        """What became of each cell of the entries, for the environment of the record."""
        return [
            {**{name: getattr(cell, name) for name in TOLD}, "cause": told.entry.cause, "status": status}
            for told in self.told
            for cell, status in zip(told.entry.cells, told.statuses, strict=True)
        ]

    @property
    def brief(self) -> list[str]:
        """The lines without what is still so; of what is to go a line an entry."""
        lines = [*self.expired]
        to_go = []
        for told in self.told:
            lines += [] if told.status in (STILL, *STALE) else told.lines
            for status in STALE:
                cells = [c for c, s in zip(told.entry.cells, told.statuses, strict=True) if s == status]
                if cells:
                    names = (listed(list(dict.fromkeys(values))) for values in zip(*map(_names, cells), strict=True))
                    part = "its entry" if len(cells) == len(told.statuses) else "a part of its entry"
                    what = f"{told.entry.cause}  {', in '.join(names)}"
                    to_go.append(f"{status} {told.entry.subject}  {what}: {part} in the baseline is to go")
        return lines + to_go

    @property
    def failed(self) -> bool:
        """Whether what became of the baseline fails the run, whatever is found."""
        return WORSE in self.statuses or bool(self._stale)

    @property
    def _stale(self) -> str:
        """With --strict, what the entries are that are to go, in a word or two; else empty."""
        found = {status for told in self.told for status in told.statuses}
        return " or ".join(status.lower() for status in STALE if self.strict and status in found)

    @property
    def summary(self) -> str:
        """What became of the baseline, in a line; empty without one."""
        counted = [(s, self.statuses.count(s)) for s in (FIXED, STILL, WORSE, ERROR, GONE)]
        counted.append(("expired", len(self.expired)))
        told = (FIXED, STILL, WORSE, ERROR)  # others where there are some
        counts = ", ".join(f"{count} {status.lower()}" for status, count in counted if count or status in told)
        why = f"; what is {self._stale} stands in it still, which --strict does not let pass" if self._stale else ""
        return f"baseline: {counts}{why}" if self.told or self.expired else ""

    def passed(self, cell: Cell) -> Cell:
        """The cell, marked where it is a finding that does not fail the run."""
        accepted = ""
        if cell.found and any(known.covers(cell) for known in self.known):
            accepted = KNOWN
        elif cell.found and self.fail_on is not None and cell.severity in SEVERITIES[severity_rank(self.fail_on) + 1 :]:
            accepted = f"{cell.severity}: below --fail-on {self.fail_on}"
        return replace(cell, accepted=accepted)

    def to_json(self) -> str:
        """What workers need of it."""
        rows = [
            {"cell": k.cell.to_json(), "causes": sorted(k.causes), "moved": k.moved, "audited": sorted(k.audited)}
            for k in self.known
        ]
        return json.dumps({"known": rows, "fail_on": self.fail_on})

    @staticmethod
    def from_json(text: str) -> Gate:
        """The inverse of `to_json`."""
        told = json.loads(text)
        known = [
            Known(
                Cell.from_json(row["cell"]),
                frozenset(row["causes"]),
                row["moved"],
                frozenset((role, name) for role, name in row["audited"]),
            )
            for row in told["known"]
        ]
        return Gate(known, fail_on=told["fail_on"])


def _status(outcomes: Sequence[Replay]) -> str:
    """What became of a cell; of one without a witness, as what another finding hides, only an audit can tell more."""
    if outcomes and all(outcome.gone for outcome in outcomes):
        return GONE
    found = {outcome.status for outcome in outcomes}
    return next((s for s in GRAVITY if s in found), STILL)


def _names(cell: Cell) -> tuple[str, str]:
    return cell.property, cell.dtype
