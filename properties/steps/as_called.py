"""What was refuted of rows that were repeated to fit a small set of shapes is refuted as a reader calls it."""

from __future__ import annotations

from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.few_shapes import FewShapes
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import decide
from extremum.properties.steps.evidence import Evidence, Refutation


def as_they_come(evidence: Evidence, experiment: Experiment, call: FewShapes) -> None:
    """Make calls as they come from now on, and decide each refutation again so.

    One that needs its rows repeated becomes that of the repeated rows. One that neither way refutes again stands as it
    was seen.
    """
    found = [*evidence.refuted, *evidence.worse]
    repeated = [call.called(r.case) for r in found]
    call.release()
    for before, case in zip(found, repeated, strict=True):
        for tried in (before.case, case):
            try:
                decision = decide(experiment, tried)
            except Declined:
                continue
            if decision.refuted:
                evidence.replace(before, Refutation(tried, before.regime, decision))
                break
