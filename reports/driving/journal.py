"""The journal of an audit: what each item gave, a line each as it ends, so that a killed run can be gone on with.

The first line is the request. Every line has a digest of itself and of the request: none is believed that was changed,
or that answers something else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from extremum.properties.contested.situations import Behaviour
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reports.record.files import sealed, unsealed, write

NAME = "journal.jsonl"
SCHEMA = "extremum.journal/1"
DIGEST = "sha256:"  # what begins a value that says only whether something has changed
MAX_DIFFERENCES = 3  # that a message names
REMEDY = "remove it, or leave out --resume, which replaces it"


@dataclass
class Held:
    """What a journal holds: cells by their key, and behaviours by the role and name of their subject."""

    cells: dict[tuple[str, str, str, str], Cell] = field(default_factory=dict)
    contested: dict[tuple[str, str], list[Behaviour]] = field(default_factory=dict)
    size: int = 0  # bytes that are believed: the rest is a line that was cut

    def to_json(self) -> dict[str, Any]:
        """All of it, as another process reads it with `from_json`."""
        rows = [[*key, [b.to_json() for b in behaviours]] for key, behaviours in self.contested.items()]
        return {"cells": [c.to_json() for c in self.cells.values()], "contested": rows}

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Held:
        """The inverse of `to_json`."""
        held = Held()
        for row in record["cells"]:
            held.take({"cell": row})
        for role, subject, rows in record["contested"]:
            held.take({"contested": [role, subject], "behaviours": rows})
        return held

    def take(self, entry: Mapping[str, Any]) -> None:
        """Add what a line says. A cell that had no time for its verdict is judged again, so it is left out."""
        if "cell" in entry:
            cell = Cell.from_json(entry["cell"])
            if cell.verdict != "incomplete":
                self.cells[cell.key] = cell
        else:
            role, subject = entry["contested"]
            self.contested[role, subject] = [Behaviour.from_json(row) for row in entry["behaviours"]]


def read(path: Path, request: Mapping[str, Any]) -> Held:
    """What the journal holds of this request; nothing where there is no journal.

    A last line that was cut is what a kill leaves, and is left out. Raises `UsageError` for a journal of another
    request, with what differs, and for a line that is damaged.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Held()
    except OSError as error:
        raise UsageError(f"resume: {str(path)!r} cannot be read: {error.strerror or error}") from None
    held, head = Held(), ""
    for number, raw in enumerate(content.split(b"\n")[:-1], 1):
        entry = unsealed(raw + b"\n", head)
        if entry is None:
            raise UsageError(f"resume: line {number} of {str(path)!r} is damaged: {REMEDY}")
        if number > 1:
            held.take(entry)
        elif (entry.get("schema"), entry.get("request")) != (SCHEMA, request):
            raise UsageError(f"resume: {str(path)!r} is of another request: {_differences(entry, request)}: {REMEDY}")
        else:
            head = entry["digest"]
        held.size += len(raw) + 1
    return held


class Journal:
    """The journal of a run that is under way; `held` is what it held when the run began.

    One that cannot be written to, on a full disk, costs the run nothing: `failure` says why it was given up.
    """

    def __init__(self, path: Path, request: Mapping[str, Any], held: Held) -> None:
        self.path, self.failure = path, ""
        head, first = sealed({"schema": SCHEMA, "request": request}, "")
        self._head = head
        self._file: BinaryIO | None = None
        try:
            if held.size:
                os.truncate(path, held.size)
            else:
                write(path, first)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            self._give_up(error)

    def cell(self, cell: Cell) -> None:
        """Write down a cell that has ended."""
        self._add({"cell": cell.to_json()})

    def contested(self, role: str, subject: str, behaviours: Sequence[Behaviour]) -> None:
        """Write down what a subject does where its answer is contested."""
        self._add({"contested": [role, subject], "behaviours": [b.to_json() for b in behaviours]})

    def close(self, over: bool) -> None:
        """Close it; remove it where the run is `over`, and the report written."""
        if self._file is not None:
            self._file.close()
        if over:
            self.path.unlink(missing_ok=True)

    def _add(self, entry: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        line = sealed(entry, self._head)[1].encode()
        try:
            if self._file.write(line) != len(line):  # at once: a kill can cut the last line alone
                raise OSError("the disk is full")
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        # What follows a torn line would make it a damaged one.
        if self._file is not None:
            self._file.close()
        self._file, self.failure = None, f"{self.path} cannot be written: {error.strerror or error}"


def _differences(entry: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    """What differs between the request of a journal and this one."""
    if entry.get("schema") != SCHEMA:
        return f"schema={entry.get('schema')!r} there, {SCHEMA!r} here"
    there = entry["request"]
    found = []
    for name in dict.fromkeys([*request, *there]):
        old, new = there.get(name), request.get(name)
        if old == new:
            continue
        changed = all(isinstance(value, str) and value.startswith(DIGEST) for value in (old, new))
        if changed:
            found.append(f"{name} has changed")
        elif name not in there or name not in request:
            found.append(f"{name} is only {'here' if name in request else 'there'}")
        else:
            found.append(f"{name}={old!r} there, {new!r} here")
    more = f"; and {len(found) - MAX_DIFFERENCES} more" if len(found) > MAX_DIFFERENCES else ""
    return "; ".join(found[:MAX_DIFFERENCES]) + more
