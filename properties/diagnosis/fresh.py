"""The fresh rerun: a witness is run again in a process that has answered nothing else.

A subject that keeps something from call to call may fail in the sweep's process, and nowhere else: its witness shows a
reader nothing. Then what it keeps is the defect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined, Expired
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, Killed, undisturbed
from extremum.properties.diagnosis.cause_table import NONDETERMINISTIC, STATE, UNKNOWN
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import decide
from extremum.properties.steps.rerun import decided_again
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.witness import AFTER_OTHERS, NOW_AND_THEN, RERUNS, restored, unrepeated
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import Array

SHORT_CASE = 8  # rows at most, each of which may take a process


class CallsApart(Call):
    """A subject each of whose calls is made in a process of its own."""

    def begins(self, _arguments: Arguments, _axis: int | None) -> None:
        """End the process: the next call starts another."""
        assert self.host is not None
        self.host.end()

    def each(self, calls: Sequence[Arguments]) -> list[Array]:
        """As of the subject, one call after the other."""
        return [self.rows(arguments) for arguments in calls]

    def arrays(self, calls: Sequence[Arguments]) -> list[Array]:
        """As of the subject, one call after the other."""
        return [self.array(arguments) for arguments in calls]


def rerun_fresh(cell: Cell, experiment: Experiment, seconds: float | None, shared: Shared) -> Cell:
    """The refuted cell, whose cause is that state leaks where a fresh process answers its witnesses well.

    Of a subject that fails now and then by chance a fresh process shows nothing: what is not refuted in each of
    `RERUNS` reruns is nondeterministic. Each rerun may take `seconds`. A known cause is confirmed once a subject and
    dtype. Of a subject whose state has leaked before, each call is made in a process of its own: an experiment of
    several calls would disturb itself. A subject without a host, and a property of what calls do to each other, are
    taken as they are.
    """
    assert cell.simplest is not None
    assert cell.worst is not None
    key = cell.role, cell.subject, cell.dtype, cell.cause
    stateful = cell.role, cell.subject, "", STATE
    if experiment.call.host is None or unrepeated(cell.simplest):
        return cell
    if cell.cause == NONDETERMINISTIC:
        return cell if _steady(experiment, cell.simplest, seconds) else _as(cell, NONDETERMINISTIC, NOW_AND_THEN)
    if experiment.prop.asks_twice or (key in shared.confirmed and stateful not in shared.confirmed):
        return cell
    kind = CallsApart if stateful in shared.confirmed or cell.cause == STATE else Call
    outcome = refuted_fresh(experiment, cell.simplest, seconds, kind)
    if outcome is not False:
        if outcome and cell.cause not in (UNKNOWN, STATE):
            shared.confirmed.add(key)
        return cell
    if cell.worst.arguments != cell.simplest.arguments and refuted_fresh(experiment, cell.worst, seconds, kind):
        return replace(cell, simplest=cell.worst, cause=UNKNOWN)
    if cell.cause != STATE and not _steady(experiment, cell.simplest, seconds):
        return _as(cell, NONDETERMINISTIC, NOW_AND_THEN)
    shared.confirmed.add(stateful)
    return _as(cell, STATE, AFTER_OTHERS)


def refuted_fresh(
    experiment: Experiment, witness: Witness, seconds: float | None, kind: type[Call] = Call
) -> bool | None:
    """Whether a witness is refuted in a process of its own, or ends it; None where it is not answered there in time.

    Its calls are made as `kind` does. Raises `Killed` where another ended that process.
    """
    call = experiment.call
    assert call.host is not None
    host = call.host.anew()
    case = restored(experiment.role.signature, witness.arguments)
    fresh = (kind if len(case.x) <= SHORT_CASE else Call)(call.subject, call.signature, host, None, call.of)
    again = partial(decided_again, replace(experiment, call=fresh), case)
    try:
        decision = undisturbed(lambda: fresh.within(seconds, again))
    except Killed:
        raise
    except Ended:
        return True
    except (Declined, Misbehaviour):
        return None
    finally:
        host.end()
    return None if isinstance(decision, Expired) else decision.refuted


def _steady(experiment: Experiment, witness: Witness, seconds: float | None) -> bool:
    """Whether each of `RERUNS` reruns in the process that has answered the sweep refutes it."""
    case = restored(experiment.role.signature, witness.arguments)
    again = partial(decide, experiment, case, final=True)
    for _ in range(RERUNS):
        try:
            decision = experiment.call.within(seconds, again)
        except Killed:
            raise
        except (Ended, Declined, Misbehaviour):
            return False
        if isinstance(decision, Expired) or not decision.refuted:
            return False
    return True


def _as(cell: Cell, cause: str, how: str) -> Cell:
    """The cell of this cause, with how its witnesses were seen."""
    assert cell.simplest is not None
    assert cell.worst is not None
    simplest, worst = (replace(w, certified=f"{w.certified}; {how}") for w in (cell.simplest, cell.worst))
    return replace(cell, simplest=simplest, worst=worst, cause=cause)
