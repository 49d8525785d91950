"""EX116 shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.shapes import COMPILED_PLACES, Place
from extremum.properties.laws.measures import counted
from extremum.properties.model.property import Property
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first


def arrange(draw: Draw, arguments: Arguments) -> Case:
    """The rows as one row alone, as a matrix, or under one or two leading axes of one."""
    shape = draw.one_of(((-1, draw.n), (-1, 1, draw.n), (1, -1, draw.n), (draw.n,)))
    alone = shape == (draw.n,)
    return Case({x: np.ascontiguousarray(a[0] if alone else a.reshape(shape)) for x, a in arguments.items()})


def observe(call: Call, case: Case) -> Observation:
    """Count 1 where the answer has another shape than x."""
    arguments = call.calls(case.arguments)[0]
    out, shape = call.array(arguments), first(arguments).shape
    expected = call.signature.answer(arguments, -1)
    note = "" if out.shape == expected else f"returned shape {out.shape}, not {expected}, for {shape}"
    return Observation(case.arguments, count=int(bool(note)), note=note)


def at(place: Place, arguments: Arguments) -> Case:
    """The rows, repeated along all other axes of the place."""
    return Case({name: np.resize(a, place.shape) for name, a in arguments.items()})


PLACES = (Place((1, 50_257)), *(place for place in COMPILED_PLACES if place.axis == -1))
PROPERTY = Property(
    name="shape",
    code="EX116",
    statement="The answer has the shape that the role gives it, whatever leading axes the input has.",
    bound="""One to five dimensions, lengths of one among them, a single row and a batch of one too. Nothing is
    allowed.""",
    example="for x of shape (3, 1), x / x.sum(axis=-1) has shape (3, 3), since the sum has shape (3,).",
    fix="""keepdims=True in every reduction, and no `squeeze` without its axis. The usual causes: `squeeze`;
    `keepdims` forgotten, so that rows and columns broadcast against each other; a flattened result.""",
    measure=counted,
    source=__name__,
    unit="answers",
    arrange=arrange,
    observe=observe,
    places=lambda _signature, _strength: PLACES,
    at=at,
    rows=4,
    lengths="few",
    exact=True,
    script=("got = np.shape(f({args}))", "expected = {shape}"),
)
BY_ROW = replace(PROPERTY, arrange=None, places=None)
