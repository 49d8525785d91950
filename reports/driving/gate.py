"""The gate of an audit: which findings fail the run, by a baseline and by their severity.

The controller runs the baseline's witnesses again before anything is judged; workers get the entries that still count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from extremum.properties.steps.rerun import ERROR, FIXED, STILL, WORSE
from extremum.properties.values.finding import SEVERITIES, Cell, severity_rank
from extremum.reports.driving.replays import Replays, dtypes_of, kept_of, line
from extremum.reports.record.baseline import Entry, read_baseline

GRAVITY = (WORSE, STILL, ERROR, FIXED)  # of an entry with two witnesses, the first that one of them has
KNOWN = "known: in the baseline"


@dataclass
class Gate:
    """Entries that count, what the replay of all said, and the least severity that fails the run."""

    entries: Sequence[Entry] = ()
    lines: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    fail_on: str | None = None
    strict: bool = False

    @staticmethod
    def of(files: Mapping[str, Any], replays: Replays) -> Gate:
        """The gate that the options ask for; raises `UsageError` for a baseline that cannot be read."""
        gate = Gate(fail_on=files.get("fail_on"), strict=bool(files.get("strict")))
        path: Path | None = files.get("baseline")
        if path is None:
            return gate
        entries = read_baseline(path)
        kept = {id(entry): kept_of(entry.cell, entry.word, entry.of) for entry in entries}
        dtypes = dtypes_of(row for rows in kept.values() for row in rows)
        counted = []
        try:
            for entry in entries:
                if entry.expired(date.today()):
                    named = f"{entry.cell.subject}  {entry.cell.property}  {entry.cell.dtype}"
                    gate.lines.append(f"{ERROR} {named}  its entry has expired")
                    continue
                outcomes = [(row, replays.of(row, dtypes[row.word, row.cell.role])[0]) for row in kept[id(entry)]]
                gate.lines += [line(row, outcome) for row, outcome in outcomes]
                found = {outcome.status for _, outcome in outcomes}
                status = next((s for s in GRAVITY if s in found), ERROR)
                gate.statuses.append(status)
                if status != WORSE:
                    counted.append(entry)
        finally:
            replays.shared.close()
        gate.entries = counted
        return gate

    @property
    def failed(self) -> bool:
        """Whether what became of the baseline fails the run, whatever is found."""
        return WORSE in self.statuses or (self.strict and FIXED in self.statuses)

    @property
    def summary(self) -> str:
        """What became of the baseline, in a line; empty without one."""
        counts = ", ".join(f"{self.statuses.count(s)} {s.lower()}" for s in (FIXED, STILL, WORSE, ERROR))
        stale = self.strict and FIXED in self.statuses
        why = "; what is fixed stands in it still, which --strict does not let pass" if stale else ""
        return f"baseline: {counts}{why}" if self.lines else ""

    def passed(self, cell: Cell) -> Cell:
        """The cell, marked where it is a finding that does not fail the run."""
        accepted = ""
        if cell.found and any(entry.covers(cell) for entry in self.entries):
            accepted = KNOWN
        elif cell.found and self.fail_on is not None and cell.severity in SEVERITIES[severity_rank(self.fail_on) + 1 :]:
            accepted = f"{cell.severity}: below --fail-on {self.fail_on}"
        return replace(cell, accepted=accepted)

    def to_json(self) -> str:
        """What workers need of it."""
        return json.dumps({"rows": [dict(entry.row) for entry in self.entries], "fail_on": self.fail_on})

    @staticmethod
    def from_json(text: str) -> Gate:
        """The inverse of `to_json`."""
        told = json.loads(text)
        rows = [Cell.from_json({"worst": row.get("simplest"), **row}) for row in told["rows"]]
        return Gate([Entry(cell, cell.subject) for cell in rows], fail_on=told["fail_on"])
