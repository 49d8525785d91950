"""A witness of an earlier audit run again: is what it showed mended, still so, or worse?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import inf, nan

from extremum.properties.calling.call_outcomes import Declined, Expired
from extremum.properties.calling.host_channel import Ended, NoReturn, undisturbed
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import Decision, decide
from extremum.properties.steps.witness import RERUNS, restored, unrepeated
from extremum.properties.values.case import Case
from extremum.properties.values.finding import FOUND, Witness
from extremum.reference.subjects.loading import first_line

STATUSES = FIXED, STILL, WORSE, ERROR = "FIXED", "STILL", "WORSE", "ERROR"
BETTER = "BETTER"  # of an error in two reports: a replay tells what is mended, and what is not
GROWTH = 0.1  # of an error, beyond which it is worse
GROWTH_ULPS = 1.0  # that it has to grow by too, where it is counted in ulps: a few bits more are no news
REFUTED, CRASHED, HUNG = FOUND


@dataclass(frozen=True)
class Replay:
    """What became of a witness; `measured` and `allowed` are in the property's unit, None where nothing was measured.

    `detail` says what there is to say besides: how the call ended, why it could not be made. It is `gone` where the
    function is.
    """

    status: str
    measured: float | None = None
    allowed: float | None = None
    detail: str = ""
    gone: bool = False


def replay(experiment: Experiment, witness: Witness, verdict: str, seconds: float | None) -> Replay:
    """Run a witness again, which an earlier audit gave the verdict `verdict`; never raises for what the subject does.

    Each rerun may take `seconds`.
    """
    missing = experiment.role.signature.inputs.keys() - witness.arguments.keys()
    if missing:
        return Replay(
            ERROR, detail=f"the witness has no {', '.join(sorted(missing))}, which {experiment.role.call} takes"
        )
    try:
        case = restored(experiment.role.signature, witness.arguments)
        outcome = undisturbed(lambda: experiment.call.within(seconds, partial(decided_again, experiment, case)))
    except NoReturn as end:
        return _ended(HUNG, verdict, str(end))
    except Ended as end:
        return _ended(CRASHED, verdict, str(end))
    except Declined as refusal:
        return Replay(ERROR, detail=f"the subject declines it: {refusal}")
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # what was edited, or is another version's
        return Replay(ERROR, detail=f"the witness is none of this property: {first_line(error)}")
    if isinstance(outcome, Expired):
        limit = f"the limit of {seconds:g} s ended"
        return Replay(ERROR, detail=limit) if outcome.arguments is None else _ended(HUNG, verdict, limit)
    why = unrepeated(witness)
    if why and not outcome.refuted:
        return Replay(ERROR, detail=f"{why}: only an audit can tell")
    if not outcome.refuted:
        return Replay(FIXED, outcome.measured, outcome.allowed)
    return Replay(_compared(experiment, witness, verdict, outcome), outcome.measured, outcome.allowed, outcome.cause)


def decided_again(experiment: Experiment, case: Case) -> Decision:
    """The first rerun that refutes: a subject that is not deterministic may show its failure in one of several."""
    for _ in range(RERUNS):
        decision = decide(experiment, case, final=True)
        if decision.refuted:
            break
    return decision


def _ended(how: str, verdict: str, detail: str) -> Replay:
    """A call that ended its process, or did not return: worse than a wrong answer."""
    return Replay(STILL if verdict in (CRASHED, HUNG) else WORSE, detail=f"{how}: {detail}")


def _compared(experiment: Experiment, witness: Witness, verdict: str, now: Decision) -> str:
    if verdict != REFUTED:  # it answers now, and wrongly
        return STILL
    before = float(nan if witness.measured is None else witness.measured)
    return WORSE if by_error(before, now.measured, experiment.prop.unit) == WORSE else STILL


def by_error(before: float, after: float, unit: str) -> str:
    """WORSE where an error in `unit` has grown by more than a tenth, and of ulps by one; BETTER where it has shrunk so.

    Else STILL. Infinite and NaN are as large as an error can be.
    """
    was, now = (abs(error) if abs(error) < inf else inf for error in (before, after))
    least = GROWTH_ULPS if "ulp" in unit.split() else 0.0
    for status, small, large in ((WORSE, was, now), (BETTER, now, was)):
        if small < inf and (large == inf or large - small > max(GROWTH * small, least)):
            return status
    return STILL
