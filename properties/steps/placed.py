"""The places of a property's plan: visited in every run, whatever its seed. A defect there is one of position.

The rows are few and repeated, so that a call of any shape is judged at the price of looking at its answer once.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.inputs.effort import STANDARD, Effort
from extremum.properties.inputs.shapes import Place
from extremum.properties.laws.contract.determinism import BEFORE
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import Decision, decide
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.shrink import taken
from extremum.properties.values.case import DISTINCT, Case
from extremum.properties.values.signature import Arguments

ROWS_BY_CALL = 2  # of a role that is called row by row


def visit_places(
    evidence: Evidence, experiment: Experiment, seed: int, stop: Callable[[], bool], effort: Effort = STANDARD
) -> None:
    """Decide the case of every place, the small ones first, until one is refuted; none where something was before."""
    if evidence.refuted or experiment.prop.places is None:
        return
    prop, role, fmt = experiment.prop, experiment.role, experiment.fmt
    assert prop.places is not None
    assert prop.at is not None
    rows: dict[int, Arguments] = {}
    regime = role.plain.name
    count = DISTINCT if role.signature.batched else ROWS_BY_CALL
    for place in prop.places(role.signature, effort.strength):
        if max(place.rows, _rows_before(place)) > effort.rows:
            continue
        if place.n > role.longest or ("byte-swapped" in place.layout and not fmt.native):
            continue
        if stop():
            evidence.stopped = True
            return
        if place.n not in rows:
            rows[place.n] = role.sampled(np.random.default_rng([seed, place.n]), fmt, place.n, count)
        case = prop.at(place, rows[place.n])
        try:
            decision = decide(experiment, case)
        except Declined as refusal:
            evidence.declined = evidence.declined or str(refusal)
            continue
        evidence.regimes.append(frozenset({regime}))
        evidence.row_counts.append(place.rows if role.signature.batched else count)
        evidence.visit(role.signature, case)
        evidence.take(case, regime, decision)
        if decision.refuted:
            return


def _rows_before(place: Place) -> int:
    return prod(place.before[:-1]) if place.before else 0


def cut_down(evidence: Evidence, experiment: Experiment) -> None:
    """Of the simplest refutation of a property with places, along each axis the fewest first ones, found by halving."""
    if not evidence.refuted or experiment.prop.places is None or not experiment.role.signature.batched:
        return
    whole = evidence.simplest
    case = whole.case
    for along in range(case.x.ndim):
        least = 0  # so many are too few
        while case.x.shape[along] - least > 1:
            middle = (least + case.x.shape[along]) // 2
            part = _first_places(case, middle, along)
            try:
                again = decide(experiment, part)
            except Declined:
                again = Decision(False)
            if again.refuted:
                case = part
                evidence.take(case, whole.regime, again)
            else:
                least = middle


def _first_places(case: Case, count: int, along: int) -> Case:
    """The case with the first places of an axis alone; arguments of another call stay."""
    beside = {name: a for name, a in case.arguments.items() if name.startswith(BEFORE)}
    others = Case({name: a for name, a in case.arguments.items() if name not in beside})
    part = taken(others, np.arange(count), along)
    return Case({**part.arguments, **beside}, case.layout)
