"""EX114 purity."""

from __future__ import annotations

import random

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.layouts import present
from extremum.properties.laws.comparison import differing
from extremum.properties.laws.measures import counted
from extremum.properties.model.property import Property
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case


def observe(call: Call, case: Case) -> Observation:
    """Call on x, then on other rows, and count what changed in x, in the first answer and around them."""
    arguments = call.calls(case.arguments)[0]
    inputs = {name: present(np.asarray(a), "C") for name, a in arguments.items()}
    others = {name: present((1 - a[..., ::-1]).astype(a.dtype) if a.ndim else a, "C") for name, a in inputs.items()}
    call.printed.seek(0)
    call.printed.truncate()
    _ = random.random(), np.random.random()  # so that a state which is set to the same value every time shows
    before = _surroundings()
    answer = call.raw(inputs)
    first = np.array(call.taken(answer), copy=True)
    call.raw(others)
    again = np.asarray(call.taken(answer))
    touched = [name for name, state in _surroundings().items() if state != before[name]]
    changed = sum(differing(inputs[name], np.asarray(a)) for name, a in arguments.items())
    overwritten = differing(again, first)
    printed = len(call.printed.getvalue().splitlines())
    notes = [
        f"{changed} entries of the input changed" if changed else "",
        f"{overwritten} entries of an earlier answer were overwritten" if overwritten else "",
        f"{printed} lines were printed" if printed else "",
        f"changed {', '.join(touched)}" if touched else "",
    ]
    count = changed + overwritten + printed + len(touched)
    return Observation(case.arguments, count=count, note="; ".join(filter(None, notes)))


def _surroundings() -> dict[str, object]:
    return {
        "the state of random": hash(random.getstate()),
        "the state of numpy.random": np.random.get_state()[1].tobytes(),  # type: ignore[index]
    }


PROPERTY = Property(
    name="purity",
    code="EX114",
    statement="A call changes nothing but its own result.",
    bound="""After the call the input has the bits that it had, an answer given earlier has not been overwritten by
    the next call, nothing was printed, and the random states of Python and NumPy are as they were. What is counted
    are entries, lines and states changed; none is allowed.""",
    example="`x -= x.max()` leaves the caller of f([1, 2]) with [-1, 0].",
    fix="""`x = x - x.max()`; a new array for each answer; a generator of one's own in place of the global random
    state. The usual causes: an operation in place; a buffer that is kept and returned again; a forgotten print.""",
    measure=counted,
    source=__name__,
    unit="entries",
    observe=observe,
    rows=4,
    lengths="few",
    exact=True,
    script=(
        "import random",
        "states = lambda: (random.getstate(), np.random.get_state()[1].tobytes())",
        "before, state, y = [np.array(a) for a in ({args},)], states(), f({args})",
        "first = np.array(y)",
        "print(*(np.sum(a != b) for a, b in zip(({args},), before)), 'entries of {args} changed')",
        "f({turned})",
        "print(np.sum(y != first), 'entries of an earlier answer changed')",
        "print('a random state changed:', states() != state)",
    ),
)
