"""Calls that end their process or do not return: the verdict, and the smallest arguments on which the same happens.

Of a subject that has a host: each attempt is made in a process of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, NoReturn, undisturbed
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.shrink import parts
from extremum.properties.steps.witness import encoded
from extremum.properties.values.case import Case, integer
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.signature import Arguments, Signature

CRASH_RERUNS = 48  # processes that may be spent on making the arguments smaller: 2^14 rows to one, and its entries
HANG_RERUNS = 4
HANG_SECONDS = 3.0  # of a call on a part of the arguments that did not return: one that takes longer does not either
NO_RETURN = "no return"
RUNS = 2  # of a cell, where a call did not return that does when it is made again


def settled(cell: Cell, call: Call, shared: Shared, seconds: float | None, step: Callable[[], Cell]) -> Cell:
    """What `step()` makes of the cell, or the cell of the call in it that ended its process or did not return.

    Such a call is made again alone. One that does not return within `seconds` then either is `hung`. One that does was
    late since the machine stood still, or by chance: `step()` is run again, and `hung` is what happens twice.
    """
    for _ in range(RUNS):
        call.fatal = None
        try:
            found = undisturbed(step)
        except Ended as end:
            found = ended(cell, end)
        if found.verdict not in ("crashed", "hung"):
            return found
        found, stands = confirmed(found, call, shared, seconds)
        if stands:
            return found
    return found


def ended(cell: Cell, end: Ended) -> Cell:
    """The cell of a call that ended its process: `crashed`, or `hung` where it was ended for its time."""
    what = "hung" if isinstance(end, NoReturn) else "crashed"
    detail = str(end) if isinstance(end, NoReturn) else f"the process ended: {end}"
    return replace(cell, verdict=what, detail=detail, severity="critical")


def case_of(signature: Signature, arguments: Arguments, axis: int | None, layout: str) -> Case:
    """A call as a case: of a role that is called row by row, with rows of arguments."""
    along = {} if axis is None or axis == -1 else {"axis": integer(axis)}
    return Case({**signature.stacked(arguments), **along}, layout)


def confirmed(cell: Cell, call: Call, shared: Shared, seconds: float | None) -> tuple[Cell, bool]:
    """The crashed or hung cell with its call made again alone, and made smaller while it ends alike.

    With whether the verdict stands: a crash does, and a call that again does not return within `seconds`. A cell that
    stopped at no call of a host stays as it is.
    """
    if call.fatal is None or call.host is None:
        return cell, True
    case = case_of(call.signature, *call.fatal, call.layout)
    key = cell.verdict, json.dumps([cell.role, cell.subject, encoded(call.signature, case)])
    known = shared.endings.get(key)
    if known is None:
        known = _smallest(cell, call, case, seconds or HANG_SECONDS)
        if known[1]:
            shared.endings[key] = known
            call.host.has_hung = call.host.has_hung or cell.verdict == "hung"
    smallest, how = known
    witness = Witness(encoded(call.signature, smallest), regime="", measured=None, allowed=None)
    first = cell.detail if how in ("", NO_RETURN) else f"{cell.detail.partition(f': {how}')[0]}: {how}"
    said = f"{first}, again when run alone" if how else f"{first}; not again when run alone"
    return replace(cell, detail=said, simplest=witness, worst=witness), bool(how) or cell.verdict == "crashed"


def _smallest(cell: Cell, call: Call, case: Case, seconds: float) -> tuple[Case, str]:
    """The smallest part of the case that still ends so, and how it does; an empty string where it does not."""
    left = HANG_RERUNS if cell.verdict == "hung" else CRASH_RERUNS
    how, smaller = _ends(call, case, seconds), True
    while how and smaller and left > 0:
        smaller = False
        for part in parts(case):
            left -= 1
            if left >= 0 and _ends(call, part, min(seconds, HANG_SECONDS)) == how:
                case, smaller = part, True
                break
    return case, how


def _ends(call: Call, case: Case, seconds: float) -> str:
    """How a process that makes this call alone ends, as "SIGSEGV", or an empty string."""
    try:
        call.alone(case.arguments, case.axis, case.layout, seconds)
    except NoReturn:
        return NO_RETURN
    except Ended as end:
        return str(end)
    except (Misbehaviour, Declined):
        return ""
    return ""
