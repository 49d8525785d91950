"""EX114 purity."""

from __future__ import annotations

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.laws.measures import counted, entries
from extremum.properties.model.property import Property
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments


def observe(call: Call, case: Case) -> Observation:
    """Call on x, then on other rows, and count what changed in x, in the first answer and around them."""
    arguments = {name: np.asarray(a) for name, a in call.calls(case.arguments)[0].items()}
    effects = call.effects(arguments, turned(arguments))
    notes = [
        f"{entries(effects.changed)} of the input changed" if effects.changed else "",
        f"{entries(effects.overwritten)} of an earlier answer overwritten" if effects.overwritten else "",
        f"{effects.printed} lines were printed" if effects.printed else "",
        f"changed {', '.join(effects.states)}" if effects.states else "",
    ]
    count = effects.changed + effects.overwritten + effects.printed + len(effects.states)
    return Observation(case.arguments, count=count, note="; ".join(filter(None, notes)))


def turned(arguments: Arguments) -> Arguments:
    """Other arguments of the same shapes: for each array a its 1 - a, read from its end."""
    return {name: (1 - a[..., ::-1]).astype(a.dtype) if a.ndim else a for name, a in arguments.items()}


PROPERTY = Property(
    name="purity",
    code="EX114",
    statement="A call changes nothing but its own result.",
    bound="""After the call the input has the bits that it had, an answer given earlier has not been overwritten by
    the next call, nothing was printed, and the random states of Python and NumPy are as they were: so that a draw
    counts as a seed does. A subject in a process of its own has left the floating-point mode as it was before its
    import: rounding to nearest, subnormals kept; and it is watched in a second process too. What is counted are
    entries, lines and states changed; none is allowed.""",
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
    asks_twice=True,
    script=(
        "import contextlib, io, random",
        "states = lambda: (random.getstate(), str(np.random.get_state()[2:]), np.random.get_state()[1].tobytes())",
        "bits = lambda *arrays: [np.asarray(a).tobytes() for a in arrays]",
        "before, state, printed = bits({args}), states(), io.StringIO()",
        "with contextlib.redirect_stdout(printed):",
        "    y = f({args})",
        "    after, first = bits({args}), bits(y)",
        "    f({turned})",
        "got = [",
        "    *(['an argument changed'] if after != before else []),",
        "    *(['an earlier answer changed'] if bits(y) != first else []),",
        "    *(['a random state changed'] if states() != state else []),",
        "    *(['something was printed'] if printed.getvalue() else []),",
        "]",
        "expected = []",
    ),
)
