"""EX112 axis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.shapes import Place, axes
from extremum.properties.laws.comparison import compare, differing_rows, distinct
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case, integer
from extremum.properties.values.signature import Arguments, first

MATRIX = 2  # dimensions


def arrange(draw: Draw, arguments: Arguments) -> Case:
    """The rows along any axis of one to four dimensions, counted from either end."""
    x = arguments["x"]
    rows, n = x.shape
    half = rows // 2 if rows % 2 == 0 else 1
    shapes = [(rows, n), (half, rows // half, n), (1, rows, n), (rows, 1, n), (half, 1, rows // half, n), (n,)]
    shape = draw.one_of(shapes)
    axis = draw.one_of(range(-len(shape), len(shape)))
    array = x[0] if shape == (n,) else x.reshape(shape)
    return Case({"x": np.ascontiguousarray(np.moveaxis(array, -1, axis)), "axis": integer(axis)})


def observe(call: Call, case: Case) -> Observation:
    """f along the given axis, and f of the same rows as a matrix, each kind of rows once.

    Raises `Declined` where there is nothing to compare: a matrix has one axis for rows that lie along the last.
    """
    if call.axis is None and case.x.ndim == MATRIX:
        raise Declined("it has no axis parameter")
    n = case.x.shape[case.axis]
    rows_last = np.ascontiguousarray(np.moveaxis(case.x, case.axis, -1))
    rows = {"x": rows_last.reshape(-1, n)}
    kinds, which = distinct(rows)
    matrix = {"x": rows["x"][kinds]}
    if call.axis is None:
        out, other = call.each([{"x": rows_last}, matrix])
        return differing_rows(rows, out, other[which])
    out = call.answer({"x": case.x}, case.axis)
    answer = np.moveaxis(out, case.axis, -1) if out.ndim == case.x.ndim else out
    return differing_rows(rows, answer.reshape(len(rows["x"]), -1), call.rows(matrix)[which])


def at(place: Place, arguments: Arguments) -> Case:
    """The rows, repeated along all other axes of the place."""
    moved = list(place.shape)
    moved.append(moved.pop(place.axis))
    x = np.moveaxis(np.resize(first(arguments), moved), -1, place.axis)
    return Case({"x": np.ascontiguousarray(x), "axis": integer(place.axis)})


PROPERTY = Property(
    name="axis",
    code="EX112",
    statement="Rows along any axis of an array of any number of dimensions get what they get as rows of a matrix.",
    bound="""One to five dimensions, every axis, counted from either end, with 1 to 65,537 columns behind the rows, as
    `extremum.properties.inputs.shapes` plans them for every run; a subject without an axis parameter is
    called with its rows along the last one. The exact values are the same; the two calls may add in a different
    order, each within the error bound of `accuracy`, so twice that is allowed.""",
    example="""with the last axis hard-wired, softmax of zeros of shape (2, 3) along axis 0 is 1/3 throughout; it is
    1/2.""",
    fix="""hand the axis on to every reduction, or move it last with np.moveaxis and back. The usual causes: the
    last axis hard-wired; an axis that is right for two dimensions alone; in NumPy, a sum in 16 bits, which is
    widened along the last axis only.""",
    measure=compare,
    source=__name__,
    unit="ulp",
    scale=ulp,
    arrange=arrange,
    observe=observe,
    beside="as rows of a matrix",
    places=lambda _signature, strength: axes(strength),
    at=at,
    rows=8,
    lengths="moderate",
    script=(
        "y = f(x.copy(), axis=axis)",
        "got = float((np.moveaxis(y, axis, -1) if y.ndim == x.ndim else y).ravel()[{flat}])",
        "expected = float(f(np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis]).copy()).ravel()[{flat}])",
    ),
)


def _no_axis(_call: Call, _case: Case) -> Observation:
    raise Declined("it has no axis parameter")


BY_ROW = replace(PROPERTY, arrange=None, places=None, observe=_no_axis)
