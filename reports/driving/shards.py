"""Shards: the cells of one audit dealt to several machines, by what they cost, and put together again.

The cost of a cell is counted, not measured, so that every machine deals the cells alike. What a record says of its
shard stands in its environment: the cells' places in the whole run, and a digest of what that run was asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from extremum.properties.inputs.effort import EFFORTS, STANDARD, Effort
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.steps.blocks import BLOCK_ENTRIES, LONG_BLOCK_ENTRIES, lengths_of
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.identity import asked
from extremum.reports.driving.request import Request, Task
from extremum.reports.record.reading import check_keys
from extremum.reports.record.record import SHARD, Record

CONTESTED_COST = 8.0  # of what a subject does in contested situations, in blocks: a call or two in each
KEYS = {"number": int, "of": int, "run": str, "cells": list[int]}


@dataclass(frozen=True)
class Share:
    """What of an audit is one shard's: tasks, subjects that are characterised, and what the record says of it."""

    tasks: Sequence[Task]
    characterised: Sequence[Subject]
    record: Mapping[str, Any]


def share(request: Request, rows: Sequence[Task], characterised: Sequence[Subject], number: int, of: int) -> Share:
    """The share of shard `number` of so many: the most costly first, each goes to the shard that has least so far."""
    kinds = {(task.role.name, task.property.name): task for task in rows}
    known = {
        kind: cost(task.role, task.property, request.seed, EFFORTS[request.effort]) for kind, task in kinds.items()
    }
    costs = [known[task.role.name, task.property.name] for task in rows]
    names = [(*task.key,) for task in rows]
    costs += [CONTESTED_COST] * len(characterised)
    names += [(s.role, s.name, "", "") for s in characterised]
    loads = [0.0] * of
    mine = []
    for index in sorted(range(len(costs)), key=lambda i: (-costs[i], names[i])):
        least = loads.index(min(loads))
        loads[least] += costs[index]
        if least == number - 1:
            mine.append(index)
    places = sorted(index for index in mine if index < len(rows))
    whole = {"cells": names, "asked": asked(request, [task.subject for task in rows])}
    run = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
    return Share(
        [rows[index] for index in places],
        [characterised[index - len(rows)] for index in sorted(mine) if index >= len(rows)],
        {"number": number, "of": of, "run": run, "cells": places},
    )


def cost(role: Role, prop: Property, seed: int, effort: Effort = STANDARD) -> float:
    """What a cell costs, in blocks of the sweep: about the number of its blocks, and of the entries in them."""
    sizes = [role.signature.entries(m, n) for n in lengths_of(role, prop, seed, effort) for m in role.heights(n)]
    rows = min(prop.rows, role.rows)
    return sum(1 + min(rows * size, LONG_BLOCK_ENTRIES) / BLOCK_ENTRIES for size in sizes)


def merged(records: Mapping[str, Record], command: Sequence[str]) -> Record:
    """The record of the one run whose shards these are, by the names of their files.

    Raises `UsageError`, with the files, where shards are of different runs, overlap, or are missing.
    """
    shards = {name: _shard_of(name, record) for name, record in records.items()}
    names = sorted(shards, key=lambda name: (shards[name]["number"], name))
    first = names[0]
    for name in names[1:]:
        for what, here, there in _compared(records[name], records[first], shards[name], shards[first]):
            if here != there:
                raise UsageError(f"{name!r} and {first!r} are of different runs: {what} is another")
    numbers = [shards[name]["number"] for name in names]
    for name, after in pairwise(names):
        if shards[name]["number"] == shards[after]["number"]:
            raise UsageError(
                f"{name!r} and {after!r} are the same shard, {shards[name]['number']}/{shards[name]['of']}"
            )
    missing = sorted(set(range(1, shards[first]["of"] + 1)) - set(numbers))
    if missing:
        shown = ", ".join(f"{number}/{shards[first]['of']}" for number in missing)
        raise UsageError(f"no report is of shard {shown}: the union would be less than the run")
    cells = _union((shards[name]["cells"], records[name].cells, name) for name in names)
    subjects = list(records[first].subjects)
    order = {(row.get("role"), row.get("name")): number for number, row in enumerate(subjects)}
    contested = [row for name in names for row in records[name].contested]
    environment = {key: value for key, value in records[first].environment.items() if key != SHARD}
    return Record(
        cells,
        records[first].seed,
        command,
        subjects,
        environment=environment,
        contested=sorted(contested, key=lambda b: order.get((b.role, b.subject), len(order))),
        interrupted=any(record.interrupted for record in records.values()),
    )


def _shard_of(name: str, record: Record) -> Mapping[str, Any]:
    shard = record.environment.get(SHARD)
    if shard is None:
        raise UsageError(f"{name!r} is of no shard: a report of 'extremum audit --shard K/N' is needed")
    try:
        check_keys(shard, KEYS, f"environment.{SHARD}")
    except UsageError as error:
        raise UsageError(f"{name!r}: {error}") from None
    if not 1 <= shard["number"] <= shard["of"]:
        raise UsageError(f"{name!r}: environment.{SHARD}: {shard['number']}/{shard['of']} is no shard")
    return dict(shard)


def _compared(
    record: Record, other: Record, shard: Mapping[str, Any], of_other: Mapping[str, Any]
) -> Iterable[tuple[str, Any, Any]]:
    yield "the number of shards", shard["of"], of_other["of"]
    yield "the seed", record.seed, other.seed
    yield "a subject", list(record.subjects), list(other.subjects)
    yield "what was asked for", shard["run"], of_other["run"]


def _union(parts: Iterable[tuple[Sequence[int], Sequence[Cell], str]]) -> list[Cell]:
    """The cells in the order of the whole run; raises `UsageError` unless each place has one."""
    cells: dict[int, Cell] = {}
    for places, rows, name in parts:
        if len(places) != len(rows):
            raise UsageError(f"{name!r}: environment.{SHARD}.cells has {len(places)} places for {len(rows)} cells")
        for place, cell in zip(places, rows, strict=True):
            if place in cells:
                raise UsageError(f"{name!r}: cell {cell.key} stands where another shard has {cells[place].key}")
            cells[place] = cell
    if cells.keys() != set(range(len(cells))):
        raise UsageError("cells are missing: environment.shard.cells of all reports are not 0, 1, 2 ...")
    return [cells[place] for place in range(len(cells))]
