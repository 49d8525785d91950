"""EX116 shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.call import Call
from extremum.properties.case import Case
from extremum.properties.draw import Draw
from extremum.properties.role import Observation, Property, View
from extremum.reference.formats import Array


def measure(view: View) -> tuple[Any, Any]:
    """The answer has the shape of the input, whatever its leading axes.

    One to three dimensions, lengths of one among them. Nothing is allowed. The usual causes: `squeeze`;
    `keepdims` forgotten, so that rows and columns broadcast against each other; a flattened result.
    """
    return float(view.observation.count), 0.0


def arrange(draw: Draw, x: Array) -> Case:
    """The rows as one row alone, as a matrix, or under one or two leading axes of one."""
    shapes = ((-1, draw.n), (-1, 1, draw.n), (1, -1, draw.n), (draw.n,))
    shape = draw.one_of(shapes)
    return Case({"x": np.ascontiguousarray(x[0] if shape == (draw.n,) else x.reshape(shape))})


def observe(call: Call, case: Case) -> Observation:
    """Count 1 where the answer has another shape than x."""
    out = call.array(case.x)
    note = "" if out.shape == case.x.shape else f"returned shape {out.shape} for {case.x.shape}"
    return Observation(case.x, count=int(bool(note)), note=note)


PROPERTY = Property(
    "shape",
    "EX116",
    measure,
    "answers",
    arrange=arrange,
    observe=observe,
    rows=4,
    lengths="few",
    exact=True,
    script=("print(np.shape(f(x)), 'for', x.shape)",),
)
