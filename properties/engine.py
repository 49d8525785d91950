"""The engine: judges one cell. Sweep, certify, search and shrink; every driver calls `judge_cell`.

A cell and a seed go in and a `Cell` comes out, both plain data; nothing is shared between cells but
inputs and their truth, which are functions of the seed alone.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf

import numpy as np

from extremum.properties.calling.call import Call, Misbehaviour, quiet
from extremum.properties.calling.recorder import Recorder
from extremum.properties.calling.time_limit import OutOfTime, limited
from extremum.properties.diagnosis.diagnose import diagnose
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role, grade_of
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.screen import Candidate, Swept, sweep
from extremum.properties.steps.search import search
from extremum.properties.steps.shrink import smaller
from extremum.properties.steps.witness import unfinished, witness_of
from extremum.properties.values.finding import Cell, number
from extremum.properties.values.signature import first
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Format, format_of
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.subjects.subject import Subject

LONGEST_SEARCHED = 128  # rows that the search draws where the sweep has refuted nothing


@dataclass(frozen=True)
class Settings:
    """How much to examine. `deadline` is of `time.monotonic`.

    `timeout` is in seconds for the sweep and search of one cell, and again for each step in which it is reported.
    """

    examples: int = 8
    seed: int = 0
    regimes: tuple[str, ...] | None = None
    deadline: float | None = None
    timeout: float | None = 60.0

    def over(self) -> bool:
        """Whether the budget has ended."""
        return self.deadline is not None and time.monotonic() > self.deadline


def judge_cell(
    subject: Subject, role: Role, prop: Property, dtype: str, settings: Settings, recorder: Recorder | None = None
) -> Cell:
    """Judge one cell: the verdict, and for a refutation its simplest and its worst witness, both run again.

    Never raises for what the subject does; a subject that ends the process takes the caller with it, so
    drivers call this in a process that may end.
    """
    fmt = format_of(dtype)
    compiled(role, fmt)
    start = time.perf_counter()
    cell = Cell(subject.name, role.name, prop.name, prop.code, dtype, unit=prop.unit)
    call = Call(subject, role.signature, recorder)
    if settings.over():
        cell.verdict, cell.detail = "incomplete", "the budget ended before this cell began"
    elif prop.masked and not fmt.has_infinity:
        cell.verdict, cell.detail = "inapplicable", f"{dtype} has no infinity to mask with"
    else:
        experiment, swept = Experiment(call, role, prop, fmt), Swept()
        _in_time(
            lambda: _examine(cell, experiment, settings, swept),
            call,
            settings,
            lambda: out_of_time(cell, call, settings),
        )
        cell.profile = swept.profile.record()
        if swept.candidates and cell.verdict != "hung":  # what was refuted stays refuted, though the time is over
            cell.examined = cell.examined or swept.examined
            _report(cell, experiment, swept.candidates, swept.worse, settings)
    if cell.verdict == "refuted":
        cell.severity = prop.severity
    cell.expected = cell.found and subject.may_fail(prop.name, dtype)
    cell.missed = cell.verdict in ("held", "proved") and subject.must_fail(prop.name, dtype)
    cell.seconds = round(time.perf_counter() - start, 4)
    return cell


_compiled: set[tuple[str, str]] = set()


def compiled(role: Role, fmt: Format) -> None:
    """See to it that the fused screens of the role are compiled: seconds, the first time, that are no cell's."""
    if not role.has_fused or (role.name, fmt.name) in _compiled:
        return
    _compiled.add((role.name, fmt.name))
    for n, writeable in product((2, LONGEST_SEARCHED), (True, False)):  # the rows of a block are not
        arguments = role.ordinary(fmt, n)
        first(arguments).flags.writeable = writeable
        out = np.zeros((len(first(arguments)), role.signature.width(n)), fmt.dtype)
        with quiet():
            role.fused_screen(View(role, fmt, Observation(arguments, out), screen_arithmetic(fmt)), frozenset())


def _in_time(act: Callable[[], None], call: Call, settings: Settings, late: Callable[[], None]) -> None:
    """`act()`, or what it does until the time limit, and then `late()`."""
    try:
        with quiet(), limited(settings.timeout) as call.clock:
            act()
    except OutOfTime:
        late()
    except Exception:
        if settings.timeout is None or call.clock() < settings.timeout:
            raise
        late()  # it came in the middle of a library's work
    finally:
        call.rest()


def _examine(cell: Cell, experiment: Experiment, settings: Settings, swept: Swept) -> None:
    """Sweep and search; what is refuted is kept in `swept`, where it is found however this ends."""
    prop, fmt = experiment.prop, experiment.fmt
    refusal = refuses(experiment.call, experiment.role, fmt)
    if refusal:
        cell.verdict, cell.detail = "inapplicable", f"the subject does not take {fmt.name}: {refusal}"
        return
    half = settings.timeout / 2 if settings.timeout else inf
    sweep(swept, experiment, settings.seed, settings.regimes, settings.over, half)
    chosen = settings.regimes
    regimes = [r for r in experiment.role.regimes if r.masked == prop.masked and (chosen is None or r.name in chosen)]
    if not regimes:
        cell.verdict, cell.detail = "inapplicable", "none of the chosen regimes is one of this property's"
        return
    longest = min(LONGEST_SEARCHED, experiment.role.longest)
    if swept.candidates:
        refuting = {c.regime for c in swept.candidates}
        regimes = [r for r in regimes if r.name in refuting]
        longest = max(min(2 * c.case.x.shape[c.case.axis] for c in swept.candidates), 8)
    found = search(
        experiment,
        regimes,
        min(longest, experiment.role.longest),
        settings.examples,
        _number(settings.seed, cell),
        settings.over,
    )
    if found.case is not None and found.decision is not None:
        swept.candidates.append(Candidate(found.case, found.regime, found.decision))
    cell.examined = swept.examined + found.examined
    cell.regimes = sorted({r.name for r in regimes} | swept.regimes)
    if swept.candidates:
        return
    if not cell.examined:
        cell.verdict, cell.detail = "inapplicable", swept.declined or "nothing could be tried"
    else:
        complete = swept.complete and not settings.over()
        cell.verdict, cell.detail = ("held", "") if complete else ("incomplete", "the budget ended")
        cell.measured, cell.allowed = number(swept.best.measured), number(swept.best.allowed)
        cell.grade = grade_of(experiment.role, prop, swept.exceeded) if prop.grades and swept.examined else ""


def _report(
    cell: Cell,
    experiment: Experiment,
    candidates: Sequence[Candidate],
    worse: Sequence[Candidate],
    settings: Settings,
) -> None:
    """Make the cell a finding: cut the simplest case down, run both witnesses again, and diagnose.

    Each step has the time limit of a cell. Without the first and the last it is a finding all the same.
    """
    call = experiment.call
    # Of equal size, the one that Hypothesis shrank (the last) is simpler than what the sweep came across.
    simplest = min(reversed(candidates), key=lambda c: c.case.size)
    worst = max((*candidates, *worse), key=lambda c: (c.decision.ratio, -c.case.size))

    def cut_down() -> None:
        nonlocal simplest
        for found in smaller(experiment, simplest):
            simplest = found

    def witnesses() -> None:
        both = [witness_of(experiment, c.case, c.regime, c.decision) for c in (simplest, worst)]
        cell.verdict, cell.detail = "refuted", simplest.decision.cause
        cell.simplest, cell.worst = both
        cell.measured, cell.allowed = cell.worst.measured, cell.worst.allowed
        cell.regimes = sorted({c.regime for c in candidates})
        cell.grade = "beyond" if experiment.prop.grades else ""
        cell.cause = "unknown"  # until it is diagnosed

    def diagnosed() -> None:
        cell.cause = diagnose(experiment, simplest.case, simplest.decision)

    _in_time(cut_down, call, settings, lambda: None)
    _in_time(witnesses, call, settings, lambda: out_of_time(cell, call, settings))
    if cell.verdict == "refuted":
        _in_time(diagnosed, call, settings, lambda: None)


def refuses(call: Call, role: Role, fmt: Format) -> str:
    """Why the subject does not take this dtype, or an empty string.

    It does not where ordinary arguments make it raise in this dtype, and in another it answers. One that answers
    in none is broken, not choosy, and is judged.
    """
    reason = _raises(call, role, fmt)
    others = (FORMATS[name] for name in DEFAULT_DTYPES if name != fmt.name)
    return reason if reason and any(not _raises(call, role, other) for other in others) else ""


def _raises(call: Call, role: Role, fmt: Format) -> str:
    arguments = role.ordinary(fmt)
    try:
        call.raw(arguments if role.signature.batched else role.signature.row(arguments, 0))
    except Misbehaviour as error:
        return str(error)
    call.rest()
    return ""


def out_of_time(cell: Cell, call: Call, settings: Settings) -> None:
    """Say of a cell whose time limit has passed that it hung, if one call took most of it, or that it is incomplete."""
    limit = settings.timeout or 0.0
    if call.last is not None and call.seconds_in_call() > limit / 2:
        cell.verdict, cell.detail = "hung", f"one call had not returned after {call.seconds_in_call():.0f} s"
        cell.simplest = cell.worst = unfinished(*call.last)
        cell.severity = "critical"
    else:
        cell.verdict, cell.detail = "incomplete", f"the limit of {limit:g} s for a cell ended, no call took half of it"


def _number(seed: int, cell: Cell) -> int:
    """A seed for the search of this cell: the same on any worker and in any folder, another for every cell."""
    file = re.split(r"[/\\]", cell.subject)[-1]
    return zlib.crc32(repr((seed, replace(cell, subject=file).key)).encode())
