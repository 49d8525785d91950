"""What a property allows to the exact answers: its experiment on a subject that gives the exact values, rounded."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.laws.comparison import JUDGED
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.decide import screen
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.subjects.subject import Subject
from extremum.reports.views.shown_witness import ROUND_UP, Shown

TWO_ROUNDINGS = 2.0**-52  # relative: of two roundings in the script itself


def allowed_to_exact(found: Shown) -> float:
    """What the property allows at the worst entry where all answers are exact."""
    with quiet():
        observation, row = _of_exact_answers(found)
        view = View(found.role, found.fmt, observation, screen_arithmetic(found.fmt))
        allowed = screen(view, found.prop)[1]
        values = np.broadcast_to(allowed, (len(allowed), max(allowed.shape[1], 1)))[min(row, len(allowed) - 1)]
        return float(values[min(found.column, len(values) - 1)]) * ROUND_UP + TWO_ROUNDINGS * _size(found, view, row)


def _size(found: Shown, view: View, row: int) -> float:
    """The size of what is compared, in whose rounding a script may err: that of an entry, or of a product."""
    if any("{along}" in line for line in found.prop.script):
        return abs(along(found))
    exact = np.abs(view.narrow(view.exact))
    of_row = exact[min(row, len(exact) - 1)]
    return float(np.nan_to_num(of_row[min(found.column, len(of_row) - 1)], posinf=0.0))


def along(found: Shown) -> float:
    """The exact product of the gradient with v, or of a row of the Jacobian with g."""
    row = slice(found.row, found.row + 1)
    arithmetic = found.role.certifier if found.role.certifier.exact else screen_arithmetic(found.fmt)
    given = {x: found.rows[x][row] for x in found.signature.inputs}
    exact = found.role.truth(given, arithmetic).exact(slice(None))
    if "v" in found.rows:
        return float(arithmetic.narrow(arithmetic.total(exact * arithmetic.lift(found.rows["v"][row])))[0, 0])
    n = first(given).shape[-1]
    entries = exact.reshape(1, n, n)[:, found.column]
    return float(arithmetic.narrow(arithmetic.total(entries * arithmetic.lift(found.rows["g"][row])))[0, 0])


def _of_exact_answers(found: Shown) -> tuple[Observation, int]:
    """The experiment of the property on a subject that is exact, and the number of the row in it."""
    call = Call(_exact_subject(found.role, found.fmt), found.signature)
    many = len(first(found.rows)) > JUDGED
    if many and found.prop.name in ("axis", "row_independence", "layout"):  # two answers that are the same to all rows
        row = {x: found.rows[x][found.row : found.row + 1] for x in found.signature.inputs}
        out = call.rows(row)
        return Observation(row, out, out), 0
    case = found.case if found.signature.batched else Case(found.rows, found.case.layout)
    number = found.witness.index[0] if len(found.witness.index) else 0
    return found.prop.observation_of(call, case), number


def _exact_subject(role: Role, fmt: Format) -> Subject:
    """The exact values, rounded to the format, as a subject."""
    signature = role.signature
    lowest = float(fmt.round(np.array(-np.finfo(np.float64).max)))

    def function(*given: Any, axis: int = -1) -> Array:
        arguments: Arguments = dict(zip(signature.inputs, map(np.asarray, given), strict=True))
        shape = signature.answer(arguments, axis)
        if signature.batched:
            rows = {x: np.moveaxis(a, axis, -1).reshape(-1, a.shape[axis]) for x, a in arguments.items()}
        else:
            rows = {x: a[None] for x, a in arguments.items()}
        tame = {x: np.where(np.isneginf(a), a.dtype.type(lowest), a) if is_floats(a) else a for x, a in rows.items()}
        count = len(first(tame))
        entries = int(np.prod(shape))
        out = np.zeros((count, entries // count if signature.batched else entries))
        view = View(role, fmt, Observation(tame, out), screen_arithmetic(fmt))
        exact = np.broadcast_to(view.narrow(view.exact), out.shape)
        answer = fmt.round(np.nan_to_num(exact, nan=0.0))
        if not signature.batched or len(shape) < first(arguments).ndim:
            return answer.reshape(shape)
        moved = np.moveaxis(first(arguments), axis, -1).shape
        return np.ascontiguousarray(np.moveaxis(answer.reshape(moved), -1, axis))

    return Subject("exact", role.name, function, axis="axis" if signature.batched else None)


def is_floats(a: Array) -> bool:
    """Whether these are no integers and no booleans."""
    return a.dtype.kind not in "iub"
