"""Proving one cell in the process that asks: its domain is scanned in parts, once for all properties of a subject.

`extremum audit --exhaustive` has workers and checkpoints for that; this is for pytest and Python.
"""

from __future__ import annotations

import time

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.recorder import Recorder
from extremum.properties.calling.time_limit import OutOfTime, limited
from extremum.properties.engine import Settings, compiled, out_of_time, refuses
from extremum.properties.exhaustion.scan import DOMAINS, Domain, Tally, concluded, pointwise, scan
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.subjects.subject import Subject

PART = 2**16  # rows that the time limit is for: of a function that is called row by row, a second or two
_scanned: dict[tuple[str, str], tuple[Subject, dict[str, Tally]]] = {}  # of one subject, by domain and dtype


def forget_tallies() -> None:
    """Let go of what cells share: in another audit the same function may answer otherwise."""
    _scanned.clear()


def prove_cell(
    subject: Subject,
    role: Role,
    prop: Property,
    domain: str,
    dtype: str,
    settings: Settings,
    recorder: Recorder | None = None,
) -> Cell:
    """Judge one cell over a whole domain: `proved` or refuted, or `incomplete` where the budget has ended before.

    The time limit is for `PART` rows; what was refuted before it ended stays refuted. Never raises for what the subject
    does, as `judge_cell`.
    """
    fmt, of = format_of(dtype), DOMAINS[domain]
    compiled(role, fmt)
    start = time.perf_counter()
    call = Call(subject, role.signature, recorder)
    cell = Cell(subject.name, role.name, prop.name, prop.code, dtype, unit=prop.unit, regimes=[domain])
    try:
        with quiet(), limited(settings.timeout) as call.clock:
            refusal = "" if settings.over() else refuses(call, role, fmt)
        if refusal:
            cell.verdict, cell.detail = "inapplicable", f"the subject does not take {dtype}: {refusal}"
        else:
            tally = _tallies(cell, call, role, of, fmt, settings)[prop.name]
            if cell.verdict != "hung":
                late = cell.detail
                with limited(settings.timeout) as call.clock:
                    cell = concluded(subject, role, prop, of, fmt, tally, call)
                if late and cell.verdict == "incomplete":
                    cell.detail = f"{cell.detail}: {late}"
    except OutOfTime:
        out_of_time(cell, call, settings)
    finally:
        call.rest()
    cell.expected = cell.found and subject.may_fail(prop.name, dtype)
    cell.seconds = round(time.perf_counter() - start, 4)
    return cell


def _tallies(cell: Cell, call: Call, role: Role, domain: Domain, fmt: Format, settings: Settings) -> dict[str, Tally]:
    """What is known of each property over the domain, as far as budget and time limit go; the cell says which ended."""
    key = domain.name, fmt.name
    known = _scanned.get(key)
    if known is not None and known[0] is call.subject:
        return known[1]
    properties, size = pointwise(role), domain.size(fmt)
    tallies = {prop.name: Tally() for prop in properties}
    for start in range(0, size, PART):
        if settings.over():
            return tallies
        span = start, min(start + PART, size)
        try:
            with limited(settings.timeout) as call.clock:
                found = scan(call.subject, role, properties, domain, fmt, span, call=call)
        except OutOfTime:
            out_of_time(cell, call, settings)
            call.rest()
            return tallies
        for name, tally in tallies.items():
            tally.merge(found[name])
    _scanned.clear()
    _scanned[key] = call.subject, tallies
    return tallies
