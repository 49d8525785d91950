"""EX117 determinism."""

from __future__ import annotations

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.caller import Misbehaviour, differing
from extremum.properties.laws.contract.purity import turned
from extremum.properties.laws.measures import counted, entries
from extremum.properties.model.property import Property
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first


def observe(call: Call, case: Case) -> Observation:
    """Count the entries that differ from the first of three answers, and those that differ in another process."""
    calls = call.calls(case.arguments)
    count = away = 0
    for arguments in calls:
        here, *others = call.arrays([arguments] * 3)
        count += max(differing(here, other) for other in others)
        try:
            there = call.elsewhere(_history(call, arguments), arguments)
        except Misbehaviour:
            away += here.size
        else:
            away += 0 if there is None else differing(here, there)
    if away:
        call.forget()
    notes = [
        f"{entries(count)} differing between calls" if count else "",
        f"{entries(away)} differing in a second process, which was called with other arguments before" if away else "",
    ]
    return Observation(case.arguments, count=count + away, note="; ".join(filter(None, notes)))


def _history(call: Call, arguments: Arguments) -> list[Arguments]:
    """Other arguments of the same shape, a part of the batch from its end, and arguments that differ in one entry.

    The last are for an answer that is kept with a hash of some entries: of the first ones, the last ones, or the edges.
    """
    x = first(arguments)
    half = len(x) // 2 if call.signature.batched and x.ndim > 1 else 0
    parts = [{name: a[::-1][:half] for name, a in arguments.items()}] if half else []
    return [turned(arguments), *parts, *(_changed(arguments, place) for place in (0, x.size - 1, x.size // 2))]


def _changed(arguments: Arguments, place: int) -> Arguments:
    """The arguments with another entry at this place of the first, counted through the whole array."""
    name, x = next(iter(arguments.items()))
    other = np.array(x)
    other.reshape(-1)[place] = 1 - other.reshape(-1)[place]
    return {**arguments, name: other}


PROPERTY = Property(
    name="determinism",
    code="EX117",
    statement="The same input gets the same bits, call after call and whatever was asked before.",
    bound="""Three calls are compared; no entry may differ, NaN payloads included. A subject in a process of its own is
    asked in a second process too. There it was called before with other arguments of the same shape, with the first,
    the middle or the last entry of the first argument changed, and with half of a batch of several rows. No entry may
    differ from the answer here. What depends on calls of another kind, on time or on chance can go unseen.""",
    example="""in float32 1 + 2**-24 + 2**-24 is 1 from the left and 1 + 2**-23 from the right, so that a sum in the
    order in which threads arrive is now one and now the other.""",
    fix="""fix the order of the sum, and write every entry before it is read. The usual causes: uninitialised
    memory; a result that depends on earlier calls, as one cached by its shape, or on random numbers; sums whose order
    the scheduler chooses.""",
    measure=counted,
    source=__name__,
    unit="entries",
    observe=observe,
    rows=4,
    lengths="few",
    severity="medium",
    exact=True,
    asks_twice=True,
    script=(
        "first = np.array(f({args}))",
        "f({turned})",
        "print([int(np.sum(f({args}) != first)) for _ in range(99)])",
    ),
)
