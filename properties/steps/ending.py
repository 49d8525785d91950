"""Calls that end their process or do not return: the verdict, and the smallest arguments on which the same happens.

Of a subject that has a host: each attempt is made in a process of its own.
"""

from __future__ import annotations

import json
from dataclasses import replace

from extremum.properties.calling.call import Call, Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, NoReturn
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.shrink import parts
from extremum.properties.steps.witness import encoded
from extremum.properties.values.case import Case, integer
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.signature import Arguments, Signature

CRASH_RERUNS = 48  # processes that may be spent on making the arguments smaller: 2^14 rows to one, and its entries
HANG_RERUNS = 4
HANG_SECONDS = 3.0  # a rerun that takes longer does not return


def ended(cell: Cell, call: Call, end: Ended, shared: Shared) -> Cell:
    """The cell of a call that ended its process: `crashed`, or `hung` where it was ended for its time."""
    what = "hung" if isinstance(end, NoReturn) else "crashed"
    detail = str(end) if isinstance(end, NoReturn) else f"the process ended: {end}"
    cell = replace(cell, verdict=what, detail=detail, severity="critical")
    if call.fatal is None:  # it was no call: the process did not come as far
        return cell
    return confirmed(cell, call, case_of(call.signature, *call.fatal, call.layout), shared)


def case_of(signature: Signature, arguments: Arguments, axis: int | None, layout: str) -> Case:
    """A call as a case: of a role that is called row by row, with rows of arguments."""
    along = {} if axis is None or axis == -1 else {"axis": integer(axis)}
    return Case({**signature.stacked(arguments), **along}, layout)


def confirmed(cell: Cell, call: Call, case: Case, shared: Shared) -> Cell:
    """The crashed or hung cell, its call made again alone, and made smaller for as long as it ends alike."""
    key = cell.verdict, json.dumps([cell.role, cell.subject, encoded(call.signature, case)])
    known = shared.endings.get(key)
    if known is None:
        known = shared.endings[key] = _smallest(cell, call, case)
    smallest, how = known
    witness = Witness(encoded(call.signature, smallest), regime="", measured=None, allowed=None)
    said = f"{how}, again when run alone" if how else "not again when run alone"
    first = cell.detail.partition(f": {how}")[0] if how else cell.detail
    return replace(cell, detail=f"{first}: {said}" if how else f"{first}; {said}", simplest=witness, worst=witness)


def _smallest(cell: Cell, call: Call, case: Case) -> tuple[Case, str]:
    """The smallest part of the case that still ends so, and how it does; an empty string where it does not."""
    left = HANG_RERUNS if cell.verdict == "hung" else CRASH_RERUNS
    how, smaller = _ends(call, case), True
    while how and smaller and left > 0:
        smaller = False
        for part in parts(case):
            left -= 1
            if left >= 0 and _ends(call, part) == how:
                case, smaller = part, True
                break
    return case, how


def _ends(call: Call, case: Case) -> str:
    """How a process that makes this call alone ends, as "SIGSEGV", or an empty string."""
    try:
        call.alone(case.arguments, case.axis, case.layout, HANG_SECONDS)
    except NoReturn as end:
        return str(end).replace("one call had not returned after", "no return in")
    except Ended as end:
        return str(end)
    except (Misbehaviour, Declined):
        return ""
    return ""
