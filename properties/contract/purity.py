"""EX114 purity."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.call import Call
from extremum.properties.case import Case, present
from extremum.properties.role import Observation, Property, View
from extremum.reference.formats import Array


def measure(view: View) -> tuple[Any, Any]:
    """A call changes nothing but its own result.

    After the call the input has the bits that it had, an answer given earlier has not been overwritten by
    the next call, and nothing was printed. What is counted are entries changed and lines printed; none is
    allowed. The usual causes: `x -= x.max()`; a buffer that is kept and returned again; a forgotten print.
    """
    return float(view.observation.count), 0.0


def observe(call: Call, case: Case) -> Observation:
    """Call on x, then on other rows, and count what changed in x and in the first answer."""
    handed = present(case.x, "C")
    call.printed.seek(0)
    call.printed.truncate()
    answer = call.raw(handed)
    first = np.array(call.taken(answer), copy=True)
    call.raw(present(np.ascontiguousarray(case.x[..., ::-1]), "C"))
    again = np.asarray(call.taken(answer))
    changed, overwritten = _differing(handed, case.x), _differing(again, first)
    printed = len(call.printed.getvalue().splitlines())
    notes = [
        f"{changed} entries of the input changed" if changed else "",
        f"{overwritten} entries of an earlier answer were overwritten" if overwritten else "",
        f"{printed} lines were printed" if printed else "",
    ]
    return Observation(case.x, count=changed + overwritten + printed, note="; ".join(filter(None, notes)))


def _differing(a: Array, b: Array) -> int:
    if a.shape != b.shape or a.dtype != b.dtype:
        return max(a.size, 1)
    return int((_bytes(a) != _bytes(b)).reshape(-1, a.dtype.itemsize).any(axis=-1).sum())


def _bytes(a: Array) -> Array:
    return np.ascontiguousarray(a).reshape(-1).view(np.uint8)


PROPERTY = Property(
    "purity",
    "EX114",
    measure,
    "entries",
    observe=observe,
    rows=4,
    lengths="few",
    exact=True,
    script=(
        "before, y = x.copy(), f(x)",
        "first = y.copy()",
        "print((x != before).sum(), 'entries of x changed')",
        "f(before[..., ::-1].copy())",
        "print((y != first).sum(), 'entries of an earlier answer changed')",
    ),
)
