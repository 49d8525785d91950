"""EX111 row_independence."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.call import Call
from extremum.properties.case import Case
from extremum.properties.comparison import compare
from extremum.properties.role import Observation, Property, View, ulp


def measure(view: View) -> tuple[Any, Any]:
    """Each row gets what it gets alone, whatever stands in the rows beside it.

    The exact values are the same; a batched and a single call may round differently, each within the
    allowance of `accuracy`, so twice that is allowed. The usual causes: a maximum or a sum over the whole
    array; state that is carried from row to row.
    """
    return compare(view)


def observe(call: Call, case: Case) -> Observation:
    """f of all rows at once, and of each row alone."""
    alone = [call.same_shape(np.ascontiguousarray(row[None])) for row in case.x]
    together = call.same_shape(case.x)
    return Observation(case.x, together, np.concatenate(alone).astype(together.dtype))


PROPERTY = Property(
    "row_independence",
    "EX111",
    measure,
    "ulp",
    ulp,
    observe=observe,
    rows=4,
    lengths="few",
    script=("print(f(x))", "print(np.concatenate([f(row[None]) for row in x]))"),
)
