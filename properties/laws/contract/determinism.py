"""EX117 determinism."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour, differing
from extremum.properties.inputs.shapes import Place, pairs
from extremum.properties.laws.comparison import differing_bits
from extremum.properties.laws.contract.purity import turned
from extremum.properties.laws.measures import counted, entries
from extremum.properties.model.property import Property
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature, first

BEFORE = "before_"  # with the name of an argument, that of the call that goes before


def observe(call: Call, case: Case) -> Observation:
    """Count the entries that differ from the first of three answers, and those that differ in another process."""
    if f"{BEFORE}{next(iter(call.signature.inputs))}" in case.arguments:
        return _after_another(call, case)
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


def _after_another(call: Call, case: Case) -> Observation:
    """Count the entries that differ between a call after one on the same arguments, and one after another call."""
    before = {name: case.arguments[f"{BEFORE}{name}"] for name in call.signature.inputs}
    call.array(call.calls(case.arguments)[0])
    here = call.array(call.calls(case.arguments)[0])
    with suppress(Misbehaviour, Declined):
        call.array(call.calls(before)[0])
    count = differing(here, call.array(call.calls(case.arguments)[0]))
    note = f"{entries(count)} differing after a call of another shape" if count else ""
    return Observation(case.arguments, count=count, note=note)


def at(place: Place, arguments: Arguments) -> Case:
    """Rows as many as the place has, with the arguments of the call before, of the same values."""
    assert place.before is not None
    rows, n = place.before
    names = [name for name in arguments if not name.startswith(BEFORE)]
    signature = Signature({name: arguments[name].ndim - 1 for name in names})
    before = signature.of_another_length(arguments, place.n, n, rows)
    here = {name: np.resize(a, (place.rows, *a.shape[1:])) for name, a in arguments.items()}
    return Case({**here, **{f"{BEFORE}{name}": a for name, a in before.items()}})


def observe_again(call: Call, case: Case) -> Observation:
    """Count in each row the entries that differ in a second call on the same rows, which follows the first."""
    try:
        out, again = call.each([case.arguments] * 2)
    except Misbehaviour as error:
        raise Declined(str(error)) from error  # `finite` and `shape` judge what comes in place of an answer
    return Observation(call.signature.flat(case.arguments), extra=differing_bits(out, again)[:, None])


def again(view: View) -> Measured:
    """Nothing of each row but what the observation has besides; none of that is allowed."""
    return np.zeros((len(view.observation.x), 1)), 0.0


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


_PROPERTY = Property(
    name="determinism",
    code="EX117",
    statement="The same input gets the same bits, call after call and whatever was asked before.",
    bound="""Three calls are compared, and two on each of the rows that the sweep of `accuracy` has; no entry may
    differ, NaN payloads included, nor after a call of another shape, small after large and large after small. A subject
    in a process of its own is asked in a second process too. There it was called before with other arguments of the
    same shape, with the first, the middle or the last entry of the first argument changed, and with half of a batch of
    several rows. No entry may differ from the answer here. What depends on calls of another kind, on time or on chance
    can go unseen.""",
    example="""in float32 1 + 2**-24 + 2**-24 is 1 from the left and 1 + 2**-23 from the right, so that a sum in the
    order in which threads arrive is now one and now the other.""",
    fix="""fix the order of the sum, and write every entry before it is read. The usual causes: uninitialised
    memory; a result that depends on earlier calls, as one cached by its shape, or on random numbers; sums whose order
    the scheduler chooses.""",
    measure=counted,
    source=__name__,
    unit="entries",
    observe=observe,
    places=pairs,
    at=at,
    rows=4,
    lengths="few",
    severity="medium",
    exact=True,
    asks_twice=True,
    script=(
        "import subprocess, sys",
        "call = lambda: np.asarray(f({copies})).tobytes().hex()",
        "if sys.argv[1:] == ['second']:  # a process that was called with other arguments before",
        "    for other in ({histories}):",
        "        f(*other)",
        "    sys.exit(print(call()))",
        "here = [call() for _ in range(100)]",
        "there = subprocess.run([sys.executable, __file__, 'second'], capture_output=True, text=True).stdout.split()",
        "got = len({{*here, *there}}) if there else 0",
        "expected = 1  # answer, to the bit",
    ),
)
SWEPT = replace(_PROPERTY, measure=again, observe=observe_again, places=None)
PROPERTY = replace(_PROPERTY, on_sweep=SWEPT)
