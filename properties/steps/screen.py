"""Screening: a block of rows against the vectorised truth; what the screen can't clear is certified row by row."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from extremum.properties.calling.call_outcomes import Declined, TooLong
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.inputs.draw import Sampled
from extremum.properties.model.fused import Fused, clears, exceeding
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import KnownTruth, Observation, View
from extremum.properties.steps.blocks import LONG_BLOCK_ENTRIES, Block
from extremum.properties.steps.decide import (
    FAR_RATIO,
    Decision,
    at,
    decide,
    decide_observed,
    exceeded,
    screen_rows,
)
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import screen_arithmetic

REFUTED_ROWS = 4  # of a block, after which no more of its rows are certified
LARGEST_KEPT = LONG_BLOCK_ENTRIES  # entries of a block whose truth is kept: those of vocabularies would fill memory
TOGETHER_ROWS = (2, 4, 8)  # first rows of a block that are decided together, if no row fails alone


@dataclass(frozen=True)
class Screened:
    """A block after the screen: its case, and measured/allowed of each row.

    `ratio` has shape (rows,), or (1,) for a property that only counts, or (0,) where there was no answer. `doubt` has
    the ratios of the rows that the screen can't clear, and 0 elsewhere; it is None if all are cleared. `declined`: the
    subject refused the block, as it may. `seen` is what was observed, with the number of each of its rows in `places`;
    None where that is not by row.
    """

    case: Case
    ratio: Array
    doubt: Array | None
    declined: bool = False
    seen: Observation | None = None


def screen_block(
    evidence: Evidence, experiment: Experiment, rows: Block, shared: Shared, seed: int, following: Block | None = None
) -> Screened:
    """Call the subject on a block and screen its answers, while its host begins with the block that is `following`."""
    case = _arranged(experiment, rows, seed)
    evidence.regimes.append(rows.present)
    try:
        observation = shared.observe(experiment, case, rows)
    except Declined as refusal:
        evidence.declined = str(refusal)
        if isinstance(refusal, TooLong):
            evidence.too_long = evidence.too_long or str(refusal)
        return Screened(case, np.zeros(0), None, declined=True)
    except Misbehaviour:
        # Any of the rows may be the one for which the subject raises: each is called again alone.
        return Screened(case, np.zeros(0), np.full(len(rows.x), np.inf))
    shared.ahead(experiment, following)
    evidence.longest = max(evidence.longest, rows.x.shape[-1])
    evidence.visit(experiment.role.signature, experiment.call.called(case))
    ratio = _ratios(evidence, experiment, rows, observation, shared)
    if observation.places is not None and len(ratio) == len(observation.places) and case.x.shape == rows.x.shape:
        kept, ratio = ratio, np.zeros(len(rows.x))  # what was left out of the observation differs in no bit
        ratio[observation.places] = kept
    by_row = len(ratio) == len(rows.x)
    if by_row:
        evidence.profile.add(rows.bins, rows.x.shape[-1], ratio)
    limit = screen_arithmetic(experiment.fmt).limit
    doubt = np.where(ratio > limit, ratio, 0.0) if ratio.max() > limit else None
    return Screened(case, ratio, doubt, seen=observation if by_row else None)


def certify_rows(
    evidence: Evidence,
    experiment: Experiment,
    rows: Block,
    case: Case,
    doubt: Array,
    seen: Observation | None = None,
) -> None:
    """Decide the doubtful rows one by one until enough are refuted; if none is refuted alone, decide them together.

    `doubt` (rows,) is measured/allowed of the rows that the screen can't clear, 0 elsewhere. Where no call refutes any
    of them again, what was `seen` of the most doubtful decides: an answer that was wrong once was wrong.
    """
    refuted = 0
    for row in np.argsort(-doubt, kind="stable")[: int((doubt > 0).sum())].tolist():
        regime = rows.regimes[row % len(rows.regimes)]
        if refuted >= REFUTED_ROWS or not evidence.worth_certifying(float(doubt[row]), regime):
            return
        part = _row_of(experiment.role, case, row, rows)
        if part is None:
            break  # no row is a case of its own: they are decided together below
        decision = _decided(experiment, part)
        evidence.take(part, regime, decision)
        refuted += decision.refuted
    if refuted:
        return
    # Some defects need several rows in one call (an answer that leaks from row to row): report the fewest that fail.
    for size in (*TOGETHER_ROWS, len(rows.x)):
        part = _rows_of(case, slice(0, size), rows)
        if part is not None and (decision := _decided(experiment, part)).refuted:
            evidence.take(part, rows.regimes[0], decision)
            return
    if seen is not None:
        _take_seen(evidence, experiment, rows, case, int(np.argmax(doubt)), seen)


def _take_seen(
    evidence: Evidence, experiment: Experiment, rows: Block, case: Case, row: int, seen: Observation
) -> None:
    places = np.arange(len(rows.x)) if seen.places is None else seen.places
    decision = decide_observed(experiment, seen.take(np.flatnonzero(places == row)), FAR_RATIO)
    part = _row_of(experiment.role, case, row, rows)
    if decision.refuted and part is not None:
        evidence.take(part, rows.regimes[row % len(rows.regimes)], decision)


def measure_closest(evidence: Evidence, experiment: Experiment) -> None:
    """Let the screen look at the row that a fused screen rated closest to its error bound."""
    if evidence.rated:
        rescreen(evidence, experiment, evidence.rated[-1][1])


def rescreen(
    evidence: Evidence, experiment: Experiment, observation: Observation, known: KnownTruth | None = None
) -> Array:
    """The ratio of each row by the screen; the evidence takes in the closest row and the grades that rows exceed."""
    role, prop, fmt = experiment.role, experiment.prop, experiment.fmt
    view = View(role, fmt, observation, screen_arithmetic(fmt), known=known, full_bound=False)
    measured, allowed, ratio, by_row = screen_rows(view, prop)
    row, column = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    if ratio[row, column] > evidence.closest.ratio:
        evidence.clear(at(view, prop, measured, allowed, ratio, int(row), int(column)))
    evidence.add_exceeded(exceeded(view, prop, measured))
    return by_row


def _arranged(experiment: Experiment, rows: Block, seed: int) -> Case:
    """The case that the property makes of a block."""
    prop, fmt, n = experiment.prop, experiment.fmt, rows.x.shape[-1]
    if prop.arrange is None:  # the block itself, so that properties can share its answer and its truth
        return Case(rows.arguments)
    rng = np.random.default_rng([seed, n, zlib.crc32(prop.name.encode())])
    return prop.arrange(Sampled(rng, fmt, len(rows.x), n, rows.m), rows.arguments)


def _ratios(evidence: Evidence, experiment: Experiment, rows: Block, observation: Observation, shared: Shared) -> Array:
    """The largest measured/allowed of each row of a block, by a fused screen if there is one for the property."""
    open_grades = frozenset(experiment.prop.grades.keys() - evidence.exceeded)
    fused = shared.fused(experiment, rows, observation, open_grades)
    if fused is None:
        return rescreen(evidence, experiment, observation, _known_truth(experiment, rows, observation, shared))
    return _fused_ratios(evidence, experiment, observation, fused)


def _fused_ratios(evidence: Evidence, experiment: Experiment, observation: Observation, fused: Fused) -> Array:
    """The ratio of each row by a fused screen, and by the screen for rows that it does not clear or grade."""
    name = experiment.prop.name
    ratio, clear_up_to = fused.ratios[name], clears(fused, name, screen_arithmetic(experiment.fmt).limit)
    top = int(ratio.argmax())
    doubtful = None
    # One comparison settles a block of sound answers; masks over all rows would take as long as the call itself.
    if not ratio[top] <= clear_up_to:
        doubtful = ~(ratio <= clear_up_to)  # NaN is in doubt too
        top = int(np.where(doubtful, -np.inf, ratio).argmax())
    if clear_up_to >= ratio[top] > evidence.closest_ratio:
        evidence.rated.append((float(ratio[top]), observation.take(np.array([top]))))
    if doubtful is not None:
        ratio = ratio.copy()
        ratio[doubtful] = rescreen(evidence, experiment, observation.take(doubtful))
    for rows_to_grade in exceeding(fused, lambda: experiment.prop.grades.keys() - evidence.exceeded):
        rescreen(evidence, experiment, observation.take(rows_to_grade))
    return ratio


def _known_truth(experiment: Experiment, rows: Block, observation: Observation, shared: Shared) -> KnownTruth | None:
    """The truth of the block, if the observation is of its very arguments, and the property needs a truth."""
    # By identity: arranged rows, or those of a second call, have exact values of their own.
    same = all(observation.arguments.get(name) is a for name, a in rows.arguments.items())
    if not same or experiment.prop.exact or observation.order is not None or rows.x.size > LARGEST_KEPT:
        return None
    return shared.truth(experiment.role.truth, rows, experiment.fmt.name)


def _decided(experiment: Experiment, case: Case) -> Decision:
    """What a part of a block is decided as; a part that the subject may refuse refutes nothing."""
    try:
        return decide(experiment, case)
    except Declined:
        return Decision(False)


def _row_of(role: Role, case: Case, row: int, rows: Block) -> Case | None:
    """One row of the case, with the recipe that restores it; None if the arrays of the case are not the block's."""
    part = _rows_of(case, slice(row, row + 1), rows)
    if part is None:
        return None
    if not rows.numbers:
        return part
    # Only arguments that the property left as the block made them come back from the recipe.
    kept = [name for name, a in rows.arguments.items() if case.arguments.get(name) is a]
    return Case(part.arguments, part.layout, {"role": role.name, **rows.recipe(row), "arguments": kept})


def _rows_of(case: Case, part: slice, rows: Block) -> Case | None:
    """The case with some of its rows; None if its arrays are not rows of the block."""
    if case.x.shape != rows.x.shape or case.axis != -1:
        # The property arranged the rows along other axes: the case can only be decided as a whole.
        whole = part.stop >= len(rows.x) or part.start > 0
        return case if whole else None
    count = len(rows.x)
    arguments: Mapping[str, Array] = {
        name: np.ascontiguousarray(a[part]) if a.ndim and len(a) == count else a for name, a in case.arguments.items()
    }
    return Case(arguments, case.layout)
