"""Symptoms: what a refuted cell fails for, so that cells with one cause are one finding.

Of each witness: its cause, the correction that clears it, and where its cause is not known, what else it refutes. Under
a correction that clears all that a cell has shown, the sweep looks for a second defect, which the first may hide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, Killed
from extremum.properties.diagnosis.cause_table import CAUSES, NONDETERMINISTIC, STATE, UNKNOWN
from extremum.properties.diagnosis.corrections import CORRECTIONS, applicable, corrected
from extremum.properties.diagnosis.diagnose import diagnose
from extremum.properties.diagnosis.diagnosis_run import COUNTING_PROPERTIES, DiagnosisRun
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import FAR_RATIO, Decision, decide, decide_observed
from extremum.properties.steps.evidence import Evidence, Refutation
from extremum.properties.steps.screen import certify_rows, screen_block
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.shrink import shrink
from extremum.properties.steps.witness import Contradiction, restored, witness_of
from extremum.properties.values.case import Case
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Format

LONGEST_ASKED = 2**13  # entries of a witness that is tried on other properties and dtypes
LONGEST_BENEATH = 256  # entries of the rows on which a corrected subject is swept
ROWS_ASKED = 2  # of a masked case, that are tried without their masked entries
CALLS_ASKED = 4  # of a property of several calls


def attributed(cell: Cell, experiment: Experiment, stop: Callable[[], bool], seed: int, shared: Shared) -> Cell:
    """The refuted cell with the symptoms of its witnesses; no verdict depends on them. `stop()` ends the look.

    What the subject does under a correction, be it the end of its process, shows nothing. Raises `Contradiction`, and
    `Killed` where another ended that process: then the cell is judged again.
    """
    try:
        return _attributed(cell, experiment, stop, seed, shared)
    except (Contradiction, Killed):
        raise
    except (Ended, Exception):  # the subject or the role has no answer to it: the cell stands as it is
        return cell


def _attributed(cell: Cell, experiment: Experiment, stop: Callable[[], bool], seed: int, shared: Shared) -> Cell:
    assert cell.simplest is not None
    assert cell.worst is not None
    if cell.cause in (STATE, NONDETERMINISTIC):  # another call's rest, or chance, is no value that can be corrected
        simplest, worst = (replace(witness, cause=cell.cause) for witness in (cell.simplest, cell.worst))
        return replace(cell, simplest=simplest, worst=worst)
    simplest = told(experiment, cell.simplest, cell.cause)
    if cell.worst.arguments == cell.simplest.arguments:
        worst = replace(cell.worst, cause=simplest.cause, correction=simplest.correction, refutes=simplest.refutes)
    else:
        worst = _told_beside(experiment, simplest, cell.worst)
    cell = replace(cell, simplest=simplest, worst=worst)
    names = [simplest.correction]
    if not experiment.prop.pointwise or not names[0] or worst.correction != names[0]:
        return cell
    return replace(cell, beneath=beneath(experiment, names, stop, seed, shared))


def told(experiment: Experiment, witness: Witness, cause: str) -> Witness:
    """The witness with its cause, the correction that clears it, and of an unknown cause what else it refutes."""
    if experiment.prop.name in COUNTING_PROPERTIES:  # no value is at fault
        return replace(witness, cause=cause)
    case = restored(experiment.role.signature, witness.arguments)
    clearing = [name for name in applicable(experiment.role, experiment.fmt, case) if clears(experiment, case, [name])]
    if cause != UNKNOWN:
        own = CAUSES[cause].corrections
        return replace(witness, cause=cause, correction=next((name for name in own if name in clearing), ""))
    correction = next((name for name in clearing if CORRECTIONS[name].of_values), "") or _together(experiment, case)
    refutes = sorted(set(refuted_elsewhere(experiment, case)))
    # Two calls may differ because one of them is wrong: then rows, axes and layouts are not at fault.
    arranged = "" if refutes else next(iter(clearing), "")
    return replace(witness, cause=cause, correction=correction or arranged, refutes=refutes)


def _together(experiment: Experiment, case: Case) -> str:
    """The first of the corrections of values where only all of them together clear the case."""
    names = [name for name in applicable(experiment.role, experiment.fmt, case) if CORRECTIONS[name].of_values]
    return names[0] if len(names) > 1 and clears(experiment, case, names) else ""


def _told_beside(experiment: Experiment, simplest: Witness, worst: Witness) -> Witness:
    """The worst witness: of the cause of the simplest where the same correction clears it, or no other is shown."""
    same = replace(worst, cause=simplest.cause, correction=simplest.correction, refutes=simplest.refutes)
    case = restored(experiment.role.signature, worst.arguments)
    if simplest.correction and clears(experiment, case, [simplest.correction]):
        return same
    try:
        decision = decide(experiment, case)
    except Declined:
        return same
    if not decision.refuted:  # it was seen once
        return same
    other = told(experiment, worst, diagnose(experiment, case, decision))
    if other.cause == simplest.cause and not other.correction:
        return same
    unseen = other.cause == UNKNOWN and not other.correction
    return same if unseen and (not simplest.correction or _together(experiment, case)) else other


def clears(experiment: Experiment, case: Case, names: Sequence[str]) -> bool:
    """Whether the case is not refuted under these corrections."""
    try:
        return not decide(_under(experiment, names), case).refuted
    except Exception:  # of these arguments the correction makes none that the subject or the role takes
        return False


def _under(experiment: Experiment, names: Sequence[str]) -> Experiment:
    return replace(experiment, call=corrected(experiment.call, experiment.role, names))


def refuted_elsewhere(experiment: Experiment, case: Case) -> Iterator[str]:
    """The properties of one call, by dtype, that the rows of a case refute, as "accuracy float32".

    They are asked on the case, or where the property calls the subject more than once on the rows of those calls; from
    masked rows those that know no masks are asked on what is left without masked entries, and with finite ones in their
    place that weigh nothing.
    """
    if case.size > LONGEST_ASKED:
        return
    run, prop = DiagnosisRun(experiment, case, Decision(True)), experiment.prop
    asked = [(rows, prop.masked) for rows in ([dict(case.arguments)] if prop.one_call else called(experiment, case))]
    if prop.masked:
        finite = run.weightless(experiment.role.signature.flat(case.arguments))
        asked += [(rows, False) for rows in (*run.rows[:ROWS_ASKED], *([finite] if finite else []))]
    for fmt in dict.fromkeys((experiment.fmt, *(FORMATS[name] for name in DEFAULT_DTYPES))):
        for rows, masked in asked:
            cast = dict(rows) if masked and fmt is experiment.fmt else run.in_dtype(rows, fmt.name)
            if cast is not None:
                yield from _refuted_by(experiment, fmt, Case(cast), masked)


class RecordedCall(Call):
    """A subject whose calls are written down: `made` are the arguments and the axis of each."""

    def __init__(self, call: Call) -> None:
        super().__init__(replace(call.subject), call.signature, call.host, None, call.of)
        self.clock = call.clock
        self.made: list[tuple[Arguments, int | None]] = []

    def begins(self, arguments: Arguments, axis: int | None) -> None:
        """Write the call down."""
        self.made.append((arguments, axis))


def called(experiment: Experiment, case: Case) -> list[Arguments]:
    """The arguments of the first calls that the property makes on a case, as rows under one axis."""
    recorded, signature = RecordedCall(experiment.call), experiment.role.signature
    with suppress(Misbehaviour, Declined):
        replace(experiment, call=recorded).observe(case)
    rows: list[Arguments] = []
    for arguments, axis in recorded.made[:CALLS_ASKED]:
        if signature.batched:
            laid = {name: np.moveaxis(a, -1 if axis is None else axis, -1) for name, a in arguments.items()}
            rows.append({name: np.ascontiguousarray(a.reshape(-1, a.shape[-1])) for name, a in laid.items()})
        else:
            rows.append(dict(signature.stacked(arguments)))
    return rows


def _refuted_by(experiment: Experiment, fmt: Format, case: Case, masked: bool) -> Iterator[str]:
    role = experiment.role
    alike = [p for p in role.properties if p.one_call and p.masked == masked]
    if not alike:
        return
    try:
        observation = replace(experiment, prop=alike[0], fmt=fmt).observe(case)
    except Misbehaviour:
        yield from (f"{prop.name} {fmt.name}" for prop in alike)
        return
    except Declined:
        return
    for prop in alike:
        if decide_observed(replace(experiment, prop=prop, fmt=fmt), observation, FAR_RATIO).refuted:
            yield f"{prop.name} {fmt.name}"


def beneath(
    experiment: Experiment, names: Sequence[str], stop: Callable[[], bool], seed: int, shared: Shared
) -> Witness | None:
    """A case that the subject fails with the correction too, or None: the sweep of short rows looks for one."""
    fixed, apart = _under(experiment, names), Shared()
    apart.block, apart.truth = shared.block, shared.truth
    evidence = Evidence()
    for block in shared.blocks(experiment, seed, None):
        if stop():
            return None
        if block.x.shape[-1] > LONGEST_BENEATH:
            continue
        screened = screen_block(evidence, fixed, block, apart, seed)
        if screened.doubt is not None:
            certify_rows(evidence, fixed, block, screened.case, screened.doubt)
        evidence.refuted[:] = [r for r in evidence.refuted if decide(experiment, r.case).refuted]
        if evidence.refuted:
            return _written(experiment, fixed, evidence)
    return None


def _written(experiment: Experiment, fixed: Experiment, evidence: Evidence) -> Witness:
    """The simplest case that fails with and without the correction, told by what the corrected subject does."""
    whole: Refutation = evidence.simplest
    shrink(evidence, fixed)
    found = next((r for r in reversed(evidence.shrunk) if decide(experiment, r.case).refuted), whole)
    cause = diagnose(fixed, found.case, found.decision)
    witness = witness_of(experiment, found.case, found.regime, decide(experiment, found.case))
    return told(fixed, witness, cause)
