"""Proving one cell in the process that asks: its domain is scanned in parts, once for all properties of a subject.

`extremum audit --exhaustive` has workers and checkpoints for that; this is for pytest and Python.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Expired
from extremum.properties.engine import Settings, longest_call, out_of_time, refusal_of, unfit
from extremum.properties.exhaustion.domains import DOMAINS, Domain
from extremum.properties.exhaustion.scan import conclude, pointwise, scan
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.steps.ending import settled
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.properties.values.tally import Tally
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.subjects.subject import Subject

PART_ROWS = 2**16  # that the time limit is for: of a function that is called row by row, a second or two


def prove_cell(
    subject: Subject,
    role: Role,
    prop: Property,
    domain: str,
    dtype: str,
    settings: Settings,
    shared: Shared | None = None,
) -> Cell:
    """Judge one cell over a whole domain: `proved` or refuted, or `incomplete` where the budget has ended before.

    The time limit is for `PART_ROWS` rows; what was refuted before it ended stays refuted. `shared` is the audit's;
    without it the domain is scanned for this cell alone. Never raises for what the subject does, as `judge_cell`.
    """
    fmt, shared = format_of(dtype), shared or Shared()
    call = Call(subject, role.signature, shared.host(subject, role.signature, settings.limits))
    call.prepare_by(role.ordinary(fmt))
    shared.compile(role, fmt)
    start = time.perf_counter()
    cell = Cell(subject.name, role.name, prop.name, prop.code, dtype, unit=prop.unit, regimes=[domain])
    if dtype in subject.unfit:
        cell = unfit(cell, subject, role, fmt)
    else:
        step = partial(_proved, cell, call, role, prop, DOMAINS[domain].of(role), fmt, settings, shared)
        cell = settled(cell, call, shared, longest_call(settings), step)
    expected = cell.found and subject.may_fail(prop.name, dtype)
    return replace(cell, expected=expected, seconds=round(time.perf_counter() - start, 4))


def _proved(
    cell: Cell,
    call: Call,
    role: Role,
    prop: Property,
    domain: Domain,
    fmt: Format,
    settings: Settings,
    shared: Shared,
) -> Cell:
    """The cell with the verdict of a scan, or of the part of it that budget and time limit allowed."""
    refusal = "" if settings.budget_ended() else call.within(settings.timeout, partial(refusal_of, call, role, fmt))
    if isinstance(refusal, Expired):
        return out_of_time(cell, refusal, settings)
    if refusal:
        return replace(cell, verdict="inapplicable", detail=f"the subject does not take {fmt.name}: {refusal}")
    tallies, expired = _tallies(call, role, domain, fmt, settings, shared)
    late = cell if expired is None else out_of_time(cell, expired, settings)
    if late.verdict == "hung":
        return late
    judge = partial(conclude, call.subject, role, prop, domain, fmt, tallies[prop.name], call)
    judged = call.within(settings.timeout, judge)
    if isinstance(judged, Expired):
        return out_of_time(late, judged, settings)
    if expired is not None and judged.verdict == "incomplete":
        return replace(judged, detail=f"{judged.detail}: {late.detail}")
    return judged


def _tallies(
    call: Call, role: Role, domain: Domain, fmt: Format, settings: Settings, shared: Shared
) -> tuple[Mapping[str, Tally], Expired | None]:
    """What is known of each property over the domain, as far as the budget goes, and how a part ran out of time."""
    known = shared.scan_of(call.subject, domain.name, fmt.name)
    if known is not None:
        return known, None
    properties, size = pointwise(role), domain.size(fmt)
    tallies = {prop.name: Tally() for prop in properties}
    for start in range(0, size, PART_ROWS):
        if settings.budget_ended():
            return tallies, None
        span = start, min(start + PART_ROWS, size)
        part = call.within(
            settings.timeout, partial(scan, call.subject, role, properties, domain, fmt, span, call=call)
        )
        if isinstance(part, Expired):
            return tallies, part
        for name, tally in tallies.items():
            tally.merge(part[name])
    shared.keep_scan(call.subject, domain.name, fmt.name, tallies)
    return tallies, None
