"""What a usual test says of a subject: a few ordinary inputs, compared by the tolerance that its library's tests have.

The answers are compared with exact values, so that this tells nothing but how wide the tolerance is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from extremum.properties.answers.judgement import judge
from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined, Expired
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, NoReturn, undisturbed
from extremum.properties.model.role import Role
from extremum.properties.steps.trial import ordinary
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Format
from extremum.reference.errors import UsageError

INPUTS = 5
LENGTH = 8  # entries of a row
SEED = 0
NEAR = {  # of torch.testing.assert_close: relative and absolute tolerance by dtype, which its documentation lists
    "float64": (1e-7, 1e-7),
    "float32": (1.3e-6, 1e-5),
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
}
ALLCLOSE = dict.fromkeys(("float64", "float32"), (1e-5, 1e-8))  # the defaults of np.allclose
TESTS: Mapping[str, tuple[str, Mapping[str, tuple[float, float]]]] = {
    "torch": ("torch.testing.assert_close", NEAR),
    "numpy": ("np.allclose", ALLCLOSE),
    "C-order": ("np.allclose", ALLCLOSE),
    "jax": ("jnp.allclose", ALLCLOSE),
}


class UsualTest(NamedTuple):
    """A test by name, its tolerances, and how many of so many inputs pass it. `why` there is no such test, else."""

    name: str = ""
    relative: float = 0.0
    absolute: float = 0.0
    passed: int = 0
    inputs: int = 0
    why: str = ""


def usual_test(call: Call, role: Role, fmt: Format, seconds: float | None) -> UsualTest:
    """Call the subject with five rows of ordinary arguments, and compare each answer; never raises for what it does."""
    name, tolerances = TESTS.get(call.subject.adapter.name, TESTS["numpy"])
    if fmt.name not in tolerances:
        name, tolerances = TESTS["torch"]
    if fmt.name not in tolerances:
        return UsualTest(why=f"no library documents a tolerance for {fmt.name}")
    relative, absolute = tolerances[fmt.name]
    try:
        passed = undisturbed(lambda: call.within(seconds, lambda: _passed(call, role, fmt, relative, absolute)))
    except (Misbehaviour, Declined, Ended, NoReturn, UsageError) as error:
        return UsualTest(why=str(error))
    if isinstance(passed, Expired):
        return UsualTest(why="it did not return in time")
    return UsualTest(name, relative, absolute, passed, INPUTS)


def _passed(call: Call, role: Role, fmt: Format, relative: float, absolute: float) -> int:
    rows = role.sampled(np.random.default_rng(SEED), fmt, _length(call, role, fmt), INPUTS)
    return sum(_close(call, role, rows, number, relative, absolute) for number in range(INPUTS))


def _length(call: Call, role: Role, fmt: Format) -> int:
    of = ordinary(call.subject, role, fmt)
    return int(first(of).shape[-1]) if call.subject.of_origin else LENGTH


def _close(call: Call, role: Role, rows: Arguments, number: int, relative: float, absolute: float) -> bool:
    signature = role.signature
    one = {x: a[number : number + 1] for x, a in rows.items()} if signature.batched else signature.row(rows, number)
    answer = call.array(one)
    exact = judge(answer, role, **one).exact
    same = answer.shape == exact.shape
    return same and bool(np.allclose(answer.astype(np.float64), exact, rtol=relative, atol=absolute))
