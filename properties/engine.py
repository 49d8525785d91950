"""The engine: judges one cell. Sweep (screen, certify, climb), then search; of what is refuted shrink, rerun, diagnose.

A cell and a seed go in, and a `Cell` comes out, both plain data. Cells share nothing but what `Shared` holds: inputs
and their truth, which are functions of the seed, and the subject's answers to whole blocks.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, pairwise
from math import inf

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Expired
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.few_shapes import FewShapes
from extremum.properties.calling.host_channel import Limits
from extremum.properties.diagnosis.cause_table import UNKNOWN
from extremum.properties.diagnosis.diagnose import diagnose
from extremum.properties.diagnosis.fresh import rerun_fresh
from extremum.properties.diagnosis.symptoms import attributed
from extremum.properties.inputs.effort import COMPILED, INTERPRETED, STANDARD, Effort
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.roles.registry import as_taken
from extremum.properties.steps.as_called import as_they_come
from extremum.properties.steps.bias import bias_of
from extremum.properties.steps.blocks import Block
from extremum.properties.steps.climb import can_climb, climb_block, climb_neighbours
from extremum.properties.steps.ending import settled
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.neighbours import has_neighbours
from extremum.properties.steps.placed import cut_down, visit_places
from extremum.properties.steps.screen import certify_rows, measure_closest, screen_block
from extremum.properties.steps.search import LONGEST_SEARCHED, SHORTEST_SEARCHED, search
from extremum.properties.steps.sharing import OF, SECOND, Shared
from extremum.properties.steps.shrink import shrink
from extremum.properties.steps.trial import ordinary
from extremum.properties.steps.witness import unfinished, witness_of
from extremum.properties.values.finding import Cell, number
from extremum.properties.values.visits import shapes_of
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array, Format, format_of
from extremum.reference.subjects.subject import Subject

BUDGET_ENDED = "the budget ended"
LEAST_SECONDS = 1e-3  # of a cell that has begun


@dataclass(frozen=True)
class Settings:
    """How much to examine. `deadline` is a time of `time.monotonic`; None means that there is no such limit.

    `timeout` is in seconds, for sweep and search of one cell together, and again for each step that reports a finding.
    `limits` are those of a host. `effort` is the size of the plan.
    """

    examples: int = 8
    seed: int = 0
    regimes: tuple[str, ...] | None = None
    deadline: float | None = None
    timeout: float | None = 60.0
    limits: Limits = field(default_factory=Limits)
    effort: Effort = STANDARD

    @property
    def seconds(self) -> float | None:
        """The time limit of a cell, or what is left of the budget where that is less."""
        if self.deadline is None:
            return self.timeout
        return min(max(self.deadline - time.monotonic(), LEAST_SECONDS), inf if self.timeout is None else self.timeout)

    def budget_ended(self) -> bool:
        """Whether the budget has ended."""
        return self.deadline is not None and time.monotonic() > self.deadline


def judge_cell(
    subject: Subject,
    role: Role,
    prop: Property,
    dtype: str,
    settings: Settings,
    shared: Shared | None = None,
) -> Cell:
    """Judge one cell: the verdict, and for a refutation its simplest and its worst witness, both run again.

    `shared` is the audit's; without it the cell stands alone. Never raises for what the subject does. A subject without
    a host that ends the process takes the caller with it, so drivers call this in a process that may end.
    """
    fmt, shared = format_of(dtype), shared or Shared()
    fixed = INTERPRETED if subject.interpreted else COMPILED if subject.compiled else settings.effort
    settings = replace(settings, effort=fixed)
    role = as_taken(role, subject)
    prop = role.property_named(prop.name) or prop  # a convention is none of the role's own
    host = partial(shared.host, subject, role.signature, settings.limits)
    calls = FewShapes if subject.compiled else Call
    call = calls(subject, role.signature, host(), host(SECOND) if prop.asks_twice else None, host(OF))
    call.prepare_by(ordinary(subject, role, fmt))
    experiment = Experiment(call, role, prop, fmt, settings.effort.fused)
    if (
        experiment.fused and prop.pointwise and not settings.budget_ended()
    ):  # no other property is screened by what is compiled
        shared.compile(role, fmt)
    start = time.perf_counter()
    cell = Cell(subject.name, role.name, prop.name, prop.code, dtype, unit=prop.unit)
    if settings.budget_ended():
        cell = replace(cell, verdict="incomplete", detail=f"{BUDGET_ENDED} before this cell began")
    elif dtype in subject.unfit:
        cell = unfit(cell, subject, role, fmt)
    elif prop.masked and not fmt.has_infinity:
        cell = replace(cell, verdict="inapplicable", detail=f"{dtype} has no infinity to mask with")
    else:
        step = partial(judged, cell, experiment, settings, shared)
        cell = settled(cell, call, shared, longest_call(settings), step)
    return replace(
        cell,
        expected=cell.found and subject.may_fail(prop.name, dtype),
        missed=cell.verdict in ("held", "proved") and subject.must_fail(prop.name, dtype),
        seconds=round(time.perf_counter() - start, 4),
    )


def unfit(cell: Cell, subject: Subject, role: Role, fmt: Format) -> Cell:
    """The cell of a subject that is not tried, since the trial call has decided all its cells."""
    verdict, detail = subject.unfit[fmt.name]
    if verdict == "inapplicable":
        return replace(cell, verdict=verdict, detail=detail)
    witness = None if subject.misfit else unfinished(role.signature.shown(ordinary(subject, role, fmt)), None)
    return replace(cell, verdict=verdict, detail=detail, severity="critical", simplest=witness, worst=witness)


def judged(cell: Cell, experiment: Experiment, settings: Settings, shared: Shared) -> Cell:
    """The cell examined, and reported where something was refuted. Raises `Ended` as calls do."""
    call, evidence, limit = experiment.call, Evidence(), settings.seconds
    by_budget = limit != settings.timeout
    outcome = call.within(limit, partial(examine, cell, experiment, settings, shared, evidence), firm=by_budget)
    if isinstance(outcome, Expired) and by_budget and outcome.seconds_in_call <= (settings.timeout or inf) / 2:
        cell = replace(cell, verdict="incomplete", detail=BUDGET_ENDED, examined=evidence.examined)
    else:
        cell = out_of_time(cell, outcome, settings) if isinstance(outcome, Expired) else outcome
    cell = replace(cell, profile=evidence.profile.record(), shapes=shapes_of(evidence.visits))
    # A refutation stands even if time ran out after it. A subject that hung is not called again: it stays `hung`.
    if evidence.refuted and cell.verdict != "hung":
        cell = report(cell, experiment, evidence, settings, shared)
    return cell


def examine(cell: Cell, experiment: Experiment, settings: Settings, shared: Shared, evidence: Evidence) -> Cell:
    """Sweep and search. The cell with its verdict; if something was refuted, with its counts, for `report` to judge."""
    role, prop, chosen = experiment.role, experiment.prop, settings.regimes
    refusal = refusal_of(experiment.call, role, experiment.fmt)
    if refusal:
        return replace(cell, verdict="inapplicable", detail=f"the subject does not take {cell.dtype}: {refusal}")
    # A slow subject needs the other half of its time for the search.
    climb_seconds = settings.timeout / 2 if settings.timeout else inf
    climb_seconds = climb_seconds if settings.effort.climbs else 0.0
    for swept in (replace(experiment, prop=one) for one in role.swept(prop)):
        if not evidence.refuted and not evidence.stopped:
            blocks = shared.blocks(swept, settings.seed, chosen, settings.effort)
            sweep(evidence, swept, blocks, shared, settings.seed, settings.budget_ended, climb_seconds)
        # After the property's own sweep: a call at a place is made again as it was, one of many rows may be lost.
        if swept.prop is prop and chosen is None and not evidence.stopped:
            visit_places(evidence, experiment, settings.seed, settings.budget_ended, settings.effort)
    if chosen is None and not evidence.stopped:
        cut_down(evidence, experiment)

    regimes = [r for r in role.regimes if r.masked == prop.masked and (chosen is None or r.name in chosen)]
    if not regimes:
        return replace(cell, verdict="inapplicable", detail="none of the chosen regimes is one of this property's")
    longest = LONGEST_SEARCHED
    if evidence.refuted:  # the search looks for a simpler case of the same kind
        refuting = {r.regime for r in evidence.refuted}
        regimes = [r for r in regimes if r.name in refuting]
        shortest = min(r.case.x.shape[r.case.axis] for r in evidence.refuted)
        longest = max(2 * shortest, SHORTEST_SEARCHED)
    seed = _seed_of(settings.seed, cell)
    searched = search(experiment, regimes, min(longest, role.longest), settings.examples, seed, settings.budget_ended)
    evidence.searched_rows = searched.examined
    if searched.refutation is not None:
        evidence.refuted.append(searched.refutation)
    cell = verdict_of(cell, experiment, evidence, {r.name for r in regimes}, settings)
    bias = bias_of(experiment, shared) if cell.verdict == "held" else ""
    return replace(cell, detail="; ".join(filter(None, [cell.detail, bias])))


def sweep(
    evidence: Evidence,
    experiment: Experiment,
    blocks: Iterable[Block],
    shared: Shared,
    seed: int,
    stop: Callable[[], bool],
    climb_seconds: float = inf,
) -> None:
    """Screen every block until `stop()`, certify what the screen can't clear, and climb from the best short rows.

    After `climb_seconds` nothing more is climbed and no neighbours are called: a slow subject would take too long.
    """
    end = time.monotonic() + climb_seconds

    def climb_in_time(block: Block, ratio: Array) -> None:
        if not stop() and time.monotonic() < end:
            climb_block(evidence, experiment, block, ratio, seed)

    near_block: Block | None = None
    worst_block: tuple[Block, Array] | None = None
    for block, following in pairwise(chain(blocks, [None])):
        assert block is not None
        if stop():
            evidence.stopped = True
            break
        screened = screen_block(evidence, experiment, block, shared, seed, following)
        if screened.doubt is not None:
            certify_rows(evidence, experiment, block, screened.case, screened.doubt, screened.seen)
        if not screened.declined:
            evidence.row_counts.append(len(block.x))
        if len(screened.ratio) < len(block.x):
            continue  # no ratio for each row: there was no answer, or the property only counts
        if block.numbers and can_climb(experiment, block.x.shape[-1]):
            if not evidence.refuted:
                climb_in_time(block, screened.ratio)
            elif worst_block is None or screened.ratio.max() > worst_block[1].max():
                worst_block = block, screened.ratio
        if block.numbers and not evidence.refuted and has_neighbours(experiment, block):
            near_block = block
    # If something is refuted, one climb from the block with the largest ratio shows how large the error gets.
    if worst_block is not None and evidence.worst_ratio < inf:
        climb_in_time(*worst_block)
    if near_block is not None and not evidence.refuted and not stop() and time.monotonic() < end:  # it takes longest
        climb_neighbours(evidence, experiment, near_block, shared, seed, stop, end - time.monotonic())
    # A fused screen only rates rows; the screen measures the closest.
    measure_closest(evidence, experiment)


def verdict_of(cell: Cell, experiment: Experiment, evidence: Evidence, regimes: set[str], settings: Settings) -> Cell:
    """The cell with what was examined and, if nothing was refuted, its verdict; `regimes` are those of the search."""
    prop = experiment.prop
    cell = replace(cell, examined=evidence.examined, regimes=sorted(regimes.union(*evidence.regimes)))
    if evidence.refuted:
        return cell
    if not cell.examined:
        return replace(cell, verdict="inapplicable", detail=evidence.declined or "nothing could be tried")
    complete = not evidence.stopped and not settings.budget_ended()
    graded = prop.grades and any(evidence.row_counts)  # the search measures no grades
    return replace(
        cell,
        verdict="held" if complete else "incomplete",
        detail=_reach(evidence) if complete else BUDGET_ENDED,
        measured=number(evidence.closest.measured),
        allowed=number(evidence.closest.allowed),
        grade=prop.grade_of(evidence.exceeded) if graded else "",
    )


def _reach(evidence: Evidence) -> str:
    """How long the rows were that it answered, where memory did not suffice for all."""
    return f"rows of up to {evidence.longest:,} entries: {evidence.too_long}" if evidence.too_long else ""


def report(cell: Cell, experiment: Experiment, evidence: Evidence, settings: Settings, shared: Shared) -> Cell:
    """Shrink the simplest refutation, run both witnesses again, here and in a fresh process, and diagnose them.

    Each step has the full time limit. Shrinking and diagnosis may run out of time; the finding stands.
    """
    call, seconds = experiment.call, settings.timeout
    if isinstance(call, FewShapes):
        call.within(seconds, partial(as_they_come, evidence, experiment, call))
    call.within(seconds, partial(shrink, evidence, experiment))
    finding = call.within(seconds, partial(rerun, cell, experiment, evidence))
    if isinstance(finding, Expired):
        return out_of_time(replace(cell, examined=evidence.examined), finding, settings)
    simplest = evidence.simplest
    cause = call.within(seconds, partial(diagnose, experiment, simplest.case, simplest.decision))
    finding = replace(finding, cause=UNKNOWN if isinstance(cause, Expired) else cause)
    finding = rerun_fresh(finding, experiment, seconds, shared)
    told = call.within(seconds, partial(attributed, finding, experiment, settings.budget_ended, settings.seed, shared))
    return finding if isinstance(told, Expired) else told


def rerun(cell: Cell, experiment: Experiment, evidence: Evidence) -> Cell:
    """The refuted cell with both witnesses, each run again from its record."""
    simplest, worst = (
        witness_of(experiment, r.case, r.regime, r.decision) for r in (evidence.simplest, evidence.worst)
    )
    return replace(
        cell,
        verdict="refuted",
        severity="low" if evidence.petty else experiment.prop.severity,
        detail=evidence.simplest.decision.cause,
        examined=evidence.examined,
        regimes=sorted({r.regime for r in evidence.refuted}),
        simplest=simplest,
        worst=worst,
        measured=worst.measured,
        allowed=worst.allowed,
        grade="beyond" if experiment.prop.grades else "",
    )


def refusal_of(call: Call, role: Role, fmt: Format) -> str:
    """Why the subject does not take this dtype, or an empty string.

    A subject refuses a dtype if ordinary arguments raise in it but succeed in another dtype. One that raises in every
    dtype is broken, and is judged.
    """
    reason = _error_of(call, role, fmt)
    others = (FORMATS[name] for name in DEFAULT_DTYPES if name != fmt.name)
    return reason if reason and any(not _error_of(call, role, other) for other in others) else ""


def longest_call(settings: Settings) -> float | None:
    """Seconds that one call may take in a process of its own: half of a cell's limit, or those of a first call."""
    return max(settings.timeout / 2, settings.limits.first_call_seconds) if settings.timeout else None


def out_of_time(cell: Cell, expired: Expired, settings: Settings) -> Cell:
    """The cell after its time limit: `hung` if one call took most of the time, else `incomplete`."""
    limit = settings.timeout or 0.0
    if expired.arguments is not None and expired.seconds_in_call > limit / 2:
        witness = unfinished(expired.arguments, expired.axis)
        detail = f"one call had not returned after {expired.seconds_in_call:.0f} s"
        return replace(cell, verdict="hung", detail=detail, severity="critical", simplest=witness, worst=witness)
    return replace(
        cell, verdict="incomplete", detail=f"the limit of {limit:g} s for a cell ended, no call took half of it"
    )


def _error_of(call: Call, role: Role, fmt: Format) -> str:
    arguments = ordinary(call.subject, role, fmt)
    try:
        call.array(arguments if role.signature.batched else role.signature.row(arguments, 0))
    except Misbehaviour as error:
        return str(error) if str(error).startswith(("raises ", "has no ")) else ""
    return ""


def _seed_of(seed: int, cell: Cell) -> int:
    """The seed of a cell's search: the same on any worker and in any folder, and another for every cell."""
    file = re.split(r"[/\\]", cell.subject)[-1]
    return zlib.crc32(repr((seed, replace(cell, subject=file).key)).encode())
