"""EX113 layout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.shapes import VECTOR_LAYOUTS, Place, each_layout, layouts
from extremum.properties.laws.comparison import compare
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first
from extremum.reference.subjects.adapters import EVERY_LAYOUT

MATRICES = 3  # axes that an array of matrices has, with that of the rows


def arrange(draw: Draw, arguments: Arguments) -> Case:
    """The rows in one of the layouts; a broadcast has all rows equal."""
    layout = draw.one_of([name for name in EVERY_LAYOUT if name != "C" and (name != "byte-swapped" or draw.fmt.native)])
    x = first(arguments)
    rows, n = x.shape
    if rows % 2 == 0 and draw.one_of((True, False)):
        x = x.reshape(2, rows // 2, n)
    if layout == "broadcast":
        x = np.broadcast_to(x[:1], x.shape)
    return Case({"x": np.ascontiguousarray(x)}, layout)


def arrange_by_row(draw: Draw, arguments: Arguments) -> Case:
    """The arrays of each call in one of the layouts that a vector can have, or a matrix where there is one."""
    names = VECTOR_LAYOUTS if all(a.ndim < MATRICES for a in arguments.values()) else EVERY_LAYOUT[1:]
    layout = draw.one_of([name for name in names if name != "byte-swapped" or draw.fmt.native])
    if layout == "broadcast":  # valid where the entries along the first axis of each call are equal
        arguments = {x: np.repeat(a[:, :1], a.shape[1], axis=1) if a.ndim > 1 else a for x, a in arguments.items()}
    return Case(arguments, layout)


def observe(call: Call, case: Case) -> Observation:
    """f in the layouts of the case, and in C order. Raises `Declined` where there is nothing to compare."""
    adapter = call.subject.adapter
    if not {*case.layout.split(",")} <= {*call.subject.layouts}:
        raise Declined(f"{adapter.name} arrays have no {case.layout} layout")
    other = call.rows(case.arguments)
    try:
        out = call.rows(case.arguments, case.layout)
    except Misbehaviour as error:
        # An exception refuses the byte order; what wants to end the process, or does, is a finding in any layout.
        if "byte-swapped" in case.layout and str(error).startswith("raises ") and not error.grave:
            raise Declined(str(error)) from error
        raise
    return Observation(call.signature.flat(case.arguments), out, other)


def at(place: Place, arguments: Arguments) -> Case:
    """The rows, repeated to as many as the place has, in its layout."""
    x = np.resize(first(arguments), place.shape)
    return Case({"x": np.broadcast_to(x[:1], x.shape).copy() if place.layout == "broadcast" else x}, place.layout)


def at_by_row(place: Place, arguments: Arguments) -> Case:
    """Some rows of arguments, in the layouts of the place."""
    names = dict(zip(arguments, place.layout.split(","), strict=True))
    equal = {x: np.repeat(a[:, :1], a.shape[1], axis=1) for x, a in arguments.items() if names[x] == "broadcast"}
    return Case({**arguments, **equal}, place.layout)


PROPERTY = Property(
    name="layout",
    code="EX113",
    statement="The same values get the same answer however they lie in memory.",
    bound="""Fortran order, negative strides, columns and every second column of a larger array, zero strides (a
    broadcast row), read-only memory and the other byte order, of matrices and three-dimensional arrays, against the
    same values in C order. Two sound answers differ by at most twice the error bound of `accuracy`. Refusing the
    other byte order is no finding; a wrong answer to it is.""",
    example="""every second entry of [0, 9, 0, 9] is [0, 0]; a kernel that reads two entries from the pointer on,
    without the stride, sees [0, 9], whose softmax is [0.00012, 0.99988] for [1/2, 1/2].""",
    fix="""walk the strides, or copy with np.ascontiguousarray before the pointer is taken. The usual causes: a
    kernel that takes the data pointer and ignores the strides; one that works in place, where memory is read-only.""",
    measure=compare,
    source=__name__,
    unit="ulp",
    scale=ulp,
    arrange=arrange,
    observe=observe,
    beside="in C order",
    places=lambda _signature, strength: layouts(strength),
    at=at,
    rows=16,
    lengths="few",
)
BY_ROW = replace(PROPERTY, arrange=arrange_by_row, places=each_layout, at=at_by_row)
