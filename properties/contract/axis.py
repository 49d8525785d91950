"""EX112 axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.call import Call
from extremum.properties.case import Case, integer
from extremum.properties.comparison import compare
from extremum.properties.draw import Draw
from extremum.properties.role import Observation, Property, View, ulp
from extremum.reference.formats import Array


def measure(view: View) -> tuple[Any, Any]:
    """Rows along any axis get what they get along the last one.

    The exact values are the same; the two calls may add in a different order, each within the allowance
    of `accuracy`, so twice that is allowed. Negative axes count from the end. The usual causes: the last
    axis hard-wired; an axis that is right for two dimensions alone; in NumPy, a sum in 16 bits, which is
    widened along the last axis only.
    """
    return compare(view)


def arrange(draw: Draw, x: Array) -> Case:
    """The rows along any axis but the last of two to four dimensions, counted from either end."""
    rows, n = x.shape
    half = rows // 2 if rows % 2 == 0 else 1
    shape = draw.one_of([(rows, n), (half, rows // half, n), (1, rows, n), (rows, 1, n), (half, 1, rows // half, n)])
    dimensions = len(shape)
    axis = draw.one_of([*range(dimensions - 1), *range(-dimensions, -1)])
    return Case({"x": np.ascontiguousarray(np.moveaxis(x.reshape(shape), -1, axis)), "axis": integer(axis)})


def observe(call: Call, case: Case) -> Observation:
    """f along the given axis, and f of the rows moved to the last one."""
    n = case.x.shape[case.axis]
    rows = np.ascontiguousarray(np.moveaxis(case.x, case.axis, -1))
    out = np.moveaxis(call.same_shape(case.x, case.axis), case.axis, -1)
    other = call.same_shape(rows)
    return Observation(rows.reshape(-1, n), out.reshape(-1, n), other.reshape(-1, n))


PROPERTY = Property(
    "axis",
    "EX112",
    measure,
    "ulp",
    ulp,
    arrange,
    observe,
    rows=4,
    lengths="moderate",
    needs_axis=True,
    script=("print(f(x, axis=axis))", "print(np.moveaxis(f(np.moveaxis(x, axis, -1).copy()), -1, axis))"),
)
