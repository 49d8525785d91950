"""EX117 determinism."""

from __future__ import annotations

from extremum.properties.calling.call import Call
from extremum.properties.calling.caller import differing
from extremum.properties.laws.measures import counted
from extremum.properties.model.property import Property
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case


def observe(call: Call, case: Case) -> Observation:
    """Count the entries that differ from the first of three answers."""
    count = 0
    for arguments in call.calls(case.arguments):
        first, *others = call.arrays([arguments] * 3)
        count += max(differing(first, other) for other in others)
    return Observation(case.arguments, count=count, note=f"{count} entries differ between calls" if count else "")


PROPERTY = Property(
    name="determinism",
    code="EX117",
    statement="The same input gets the same bits, call after call.",
    bound="Three calls are compared; no entry may differ, NaN payloads included.",
    example="""in float32 1 + 2**-24 + 2**-24 is 1 from the left and 1 + 2**-23 from the right, so that a sum in the
    order in which threads arrive is now one and now the other.""",
    fix="""fix the order of the sum, and write every entry before it is read. The usual causes: uninitialised
    memory; a result that depends on earlier calls, or on random numbers; sums whose order the scheduler chooses.""",
    measure=counted,
    source=__name__,
    unit="entries",
    observe=observe,
    rows=4,
    lengths="few",
    severity="medium",
    exact=True,
    script=("first = np.array(f({args}))", "print([int(np.sum(f({args}) != first)) for _ in range(99)])"),
)
