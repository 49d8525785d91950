"""EX111 row_independence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.shapes import Place, batches
from extremum.properties.laws.comparison import compare, differing_rows, distinct
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import Array


def arrange(draw: Draw, arguments: Arguments) -> Case:
    """The rows, and often one more of -inf or NaN, first or last."""
    beside = draw.one_of([None, None, np.nan, *([-np.inf] if draw.fmt.has_infinity else [])])
    if beside is None:
        return Case(arguments)
    ahead, (x, *others) = draw.one_of((True, False)), arguments
    row = {x: np.full_like(arguments[x][:1], beside), **{name: arguments[name][:1] for name in others}}
    return Case({name: np.concatenate([row[name], a] if ahead else [a, row[name]]) for name, a in arguments.items()})


def observe(call: Call, case: Case) -> Observation:
    """f of all rows, and of each kind of finite row alone, the last first; to refuse a row of -inf shows nothing."""
    finite = np.flatnonzero(np.isfinite(case.x.reshape(len(case.x), -1)).all(axis=1))
    if not finite.size:
        raise Declined("no row is finite")
    finite_rows = {name: a[finite] for name, a in call.signature.of(case.arguments).items()}
    kinds, which = distinct(finite_rows)
    alone = _alone(call, {name: a[kinds[::-1]] for name, a in finite_rows.items()})
    try:
        together = call.rows(case.arguments)
    except Misbehaviour as error:
        if len(finite) == len(case.x):
            raise
        raise Declined(str(error)) from error
    together = together if len(finite) == len(together) else together[finite]
    return differing_rows(finite_rows, together, alone[::-1].astype(together.dtype)[which])


def _alone(call: Call, rows: Arguments) -> Array:
    """The answers to rows that are each called alone, in this order."""
    if not call.signature.batched:
        return call.rows(rows)
    count = len(next(iter(rows.values())))
    return np.concatenate(call.each([{name: a[r : r + 1] for name, a in rows.items()} for r in range(count)]))


def at(place: Place, arguments: Arguments) -> Case:
    """The rows, repeated to as many as the place has."""
    return Case({name: np.resize(a, (place.rows, *a.shape[1:])) for name, a in arguments.items()})


_PROPERTY = Property(
    name="row_independence",
    code="EX111",
    statement="Each row gets what it gets alone, whatever stands in the rows beside it.",
    bound="""Beside it may stand a row of -inf or of NaN, whose own answer is contested and not judged. The exact
    values are the same; a batched and a single call may round differently, each within the error bound of `accuracy`,
    so twice that is allowed. A function that takes one row a call is called on all of them in turn, and again in
    the opposite order: what it answers must not depend on the calls before. Each row of the sweep is called alone too,
    and every run visits 1 to 131,072 rows,
    around each power of two that kernels take at a time (`extremum.properties.inputs.shapes`).""",
    example="""with the maximum of the whole array as the shift, the rows [0, 0] and [200, 200] in float32 leave
    exp(-200) = 0 for both entries of the first: its softmax is 0 / 0, NaN, and [1/2, 1/2] alone.""",
    fix="""reduce along the row, with keepdims, and start each row and each call from scratch. The usual causes: a
    maximum or a sum over the whole array; state that is carried from row to row, or from call to call.""",
    measure=compare,
    source=__name__,
    unit="ulp",
    scale=ulp,
    arrange=arrange,
    observe=observe,
    beside="from the row alone",
    places=lambda _signature, strength: batches(strength),
    at=at,
    rows=4,
    lengths="few",
    script=(
        "for other in reversed(range(min(len(x), 64))):  # the rows alone, the last first",
        "    f(x[other : other + 1].copy())",
        "expected = float(f(x[{row} : {row} + 1].copy()){at_alone})",
        "got = float(f(x.copy()){at})",
    ),
)
SWEPT = replace(_PROPERTY, arrange=None)  # each row of the sweep, in its batch and alone
PROPERTY = replace(_PROPERTY, on_sweep=SWEPT)
_SCRIPT = ("expected = float(({again}){at})", "f({other})", "got = float(f({copies}){at})")
BY_ROW = replace(PROPERTY, places=None, on_sweep=replace(SWEPT, script=_SCRIPT), script=_SCRIPT)
