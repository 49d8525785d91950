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

from extremum.properties.steps.rerun import ERROR, FIXED, STILL, WORSE
from extremum.properties.values.finding import SEVERITIES, Cell, severity_rank
from extremum.reports.driving.replays import Replays, dtypes_of, kept_of, line
from extremum.reports.record.baseline import Entry, read_baseline
from extremum.reports.record.numbers import listed, number_of
from extremum.reports.record.record import GONE

GRAVITY = (WORSE, STILL, ERROR, FIXED)  # of an entry with two witnesses, the first that one of them has
TOLD = ("role", "subject", "property", "dtype", "code", "cause", "severity")  # of an entry's cell, in a record
STALE = (FIXED, GONE)  # what is to go from the file
KNOWN = "known: in the baseline"


class Told(NamedTuple):
    """What became of an entry: its status, or GONE where its function is; and a line for each of its witnesses."""

    entry: Entry
    status: str
    lines: Sequence[str] = ()


@dataclass
class Gate:
    """Entries that count, what the replay of all said, and the least severity that fails the run."""

    entries: Sequence[Entry] = ()
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
        entries = read_baseline(path)
        kept = {id(entry): kept_of(entry.cell, entry.word, entry.of) for entry in entries}
        dtypes = dtypes_of(row for rows in kept.values() for row in rows)
        counted = []
        try:
            for entry in entries:
                if entry.expired(date.today()):
                    named = f"{entry.cell.subject}  {entry.cell.property}  {entry.cell.dtype}"
                    gate.expired.append(f"{ERROR} {named}  its entry has expired")
                    continue
                runs = [(row, *replays.of(row, dtypes[row.word, row.cell.role])) for row in kept[id(entry)]]
                found = {outcome.status for _, outcome, _ in runs}
                status = next((s for s in GRAVITY if s in found), ERROR)
                if runs and all(outcome.gone for _, outcome, _ in runs):
                    status = GONE
                gate.told.append(Told(entry, status, [line(row, outcome) for row, outcome, _ in runs]))
                if status not in (WORSE, FIXED):  # what is fixed and fails all the same fails for something else
                    counted.append(replace(entry, moved=all(subject is None for _, _, subject in runs)))
        finally:
            replays.shared.close()
        gate.entries = counted
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
        """The same with what each entry is of, for the environment of the record."""
        return [{**{name: getattr(t.entry.cell, name) for name in TOLD}, "status": t.status} for t in self.told]

    @property
    def brief(self) -> list[str]:
        """The lines without what is still so; what is to go in a line for each subject, with how many entries."""
        lines = [*self.expired]
        to_go: dict[tuple[str, str], list[Cell]] = {}
        for entry, status, of_witnesses in self.told:
            if status in STALE:
                to_go.setdefault((status, entry.cell.subject), []).append(entry.cell)
            elif status != STILL:
                lines += of_witnesses
        for (status, subject), cells in to_go.items():
            names = [
                list(dict.fromkeys(values)) for values in zip(*((c.property, c.dtype) for c in cells), strict=True)
            ]
            count = number_of(len(cells), "entry")
            lines.append(
                f"{status} {subject}  {listed(names[0])}, in {listed(names[1])}: {count} of the baseline to go"
            )
        return lines

    @property
    def failed(self) -> bool:
        """Whether what became of the baseline fails the run, whatever is found."""
        return WORSE in self.statuses or bool(self._stale)

    @property
    def _stale(self) -> str:
        """With --strict, what the entries are that are to go, in a word or two; else empty."""
        return " or ".join(status.lower() for status in STALE if self.strict and status in self.statuses)

    @property
    def summary(self) -> str:
        """What became of the baseline, in a line; empty without one."""
        statuses = [ERROR if status == GONE else status for status in self.statuses]
        counts = ", ".join(f"{statuses.count(s)} {s.lower()}" for s in (FIXED, STILL, WORSE, ERROR))
        why = f"; what is {self._stale} stands in it still, which --strict does not let pass" if self._stale else ""
        return f"baseline: {counts}{why}" if self.told or self.expired else ""

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
        rows = [{"row": dict(entry.row), "moved": entry.moved} for entry in self.entries]
        return json.dumps({"rows": rows, "fail_on": self.fail_on})

    @staticmethod
    def from_json(text: str) -> Gate:
        """The inverse of `to_json`."""
        told = json.loads(text)
        rows = [(Cell.from_json({"worst": r["row"].get("simplest"), **r["row"]}), r["moved"]) for r in told["rows"]]
        return Gate([Entry(cell, cell.subject, moved=moved) for cell, moved in rows], fail_on=told["fail_on"])
