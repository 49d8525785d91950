"""EX111 row_independence."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.call import Call, Declined, Misbehaviour
from extremum.properties.case import Case
from extremum.properties.comparison import compare
from extremum.properties.draw import Draw
from extremum.properties.role import Observation, Property, View, ulp
from extremum.reference.formats import Array


def measure(view: View) -> tuple[Any, Any]:
    """Each row gets what it gets alone, whatever stands in the rows beside it.

    Beside it may stand a row of -inf or of NaN, whose own answer is contested and not judged. The exact values
    are the same; a batched and a single call may round differently, each within the allowance of `accuracy`,
    so twice that is allowed. The usual causes: a maximum or a sum over the whole array; state that is carried
    from row to row.
    """
    return compare(view)


def arrange(draw: Draw, x: Array) -> Case:
    """The rows, and often one more of -inf or NaN, first or last."""
    beside = draw.one_of([None, None, np.nan, *([-np.inf] if draw.fmt.has_infinity else [])])
    if beside is None:
        return Case({"x": x})
    row = np.full((1, draw.n), beside).astype(x.dtype)
    return Case({"x": np.concatenate([row, x] if draw.one_of((True, False)) else [x, row])})


def observe(call: Call, case: Case) -> Observation:
    """f of all rows at once, and of each finite row alone; refusing a row of -inf or NaN shows nothing."""
    judged = np.isfinite(case.x).all(axis=1)
    alone = [call.same_shape(np.ascontiguousarray(row[None])) for row in case.x[judged]]
    try:
        together = call.same_shape(case.x)
    except Misbehaviour as error:
        if judged.all():
            raise
        raise Declined(str(error)) from error
    if not alone:
        raise Declined("no row is finite")
    return Observation(case.x[judged], together[judged], np.concatenate(alone).astype(together.dtype))


PROPERTY = Property(
    "row_independence",
    "EX111",
    measure,
    "ulp",
    ulp,
    arrange,
    observe,
    rows=4,
    lengths="few",
    script=("print(f(x))", "print(np.concatenate([f(row[None]) for row in x]))"),
)
