"""Corrections: changes of a call that a certain fix of the subject would make, each an experiment on a refuted case.

A correction that clears a case, where the subject alone fails, shows what the case fails for. Cells that one correction
clears have one cause, whatever their properties and dtypes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from types import MappingProxyType

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.wide import FLOAT64

WIDE_PRECISION = 24  # bits, of float32: a format with fewer is added up in it
SUM_ENTRIES = 6  # in a row shorter than this no sum stagnates or overflows by its terms alone
ALONE_ROWS = 64  # at most, that are called one by one


@dataclass(frozen=True)
class Asked:
    """One call on an array of rows: the arguments by name, the axis (None: by rows), the layout."""

    arguments: Arguments
    axis: int | None
    layout: str


Answered = Callable[[Asked], Array]
Change = Callable[[Role, Answered, Asked], Array]


@dataclass(frozen=True)
class Correction:
    """A change of the call: what it does, in words; the cases that it says something of; the fix that it stands for.

    `of_values`: it changes values or their format, not how they are arranged.
    """

    does: str
    fix: str
    change: Change
    applies: Callable[[Role, Format, Case], bool]
    of_values: bool = False


class CorrectedCall(Call):
    """A subject that is called with a correction; each call is made as it comes, and none in a second process."""

    def __init__(self, call: Call, role: Role, change: Change) -> None:
        # Another identity: what is kept of the subject's own answers is not to be taken for these.
        super().__init__(replace(call.subject), call.signature, call.host, None, call.of)
        self.role, self.change, self.clock = role, change, call.clock

    def array(self, arguments: Arguments, axis: int | None = None, layout: str = "C") -> Array:
        """As of the subject, corrected."""
        asked = Asked(self.signature.of(arguments), axis, layout)
        return self.change(self.role, self._uncorrected, asked)

    def _uncorrected(self, asked: Asked) -> Array:
        return super().array(asked.arguments, asked.axis, asked.layout)

    def rows(self, arguments: Arguments, layout: str = "C") -> Array:
        """As of the subject, one call after the other."""
        if self.signature.batched:
            return super().rows(arguments, layout)
        return np.concatenate([self.answer(one, layout=layout).reshape(1, -1) for one in self.calls(arguments)])

    def ahead(self, arguments: Arguments) -> None:
        """Nothing: a corrected call is not the one that the host would begin with."""

    def _each(
        self,
        calls: Sequence[Arguments],
        alone: Callable[[Arguments], Array],
        judged: Callable[[Array, Arguments], Array] | None,  # noqa: ARG002
    ) -> list[Array]:
        return [alone(arguments) for arguments in calls]


def shifted(role: Role, answer: Answered, asked: Asked) -> Array:
    """The maximum of each row is subtracted before the call; where the exact answer moves with it, it is added after.

    Masked entries stay -inf. A row with NaN or +inf is left as it is.
    """
    x, axis = first(asked.arguments), -1 if asked.axis is None else asked.axis
    fmt, wide = FORMATS[x.dtype.name], x.astype(np.float64)
    top = wide.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    moved = np.where(np.isfinite(wide), np.maximum(wide - top, -fmt.max), wide)
    out = answer(replace(asked, arguments={**asked.arguments, next(iter(asked.arguments)): fmt.round(moved)}))
    if not _follows(role) or out.size != top.size:
        return out
    return np.asarray((out.astype(np.float64) + top.reshape(out.shape)).astype(out.dtype))


def _follows(role: Role) -> bool:
    """Whether the exact answer to a row moves with the row, as a logsumexp does."""
    rows = role.ordinary(FORMATS["float64"])
    raised = {**rows, next(iter(rows)): first(rows) + 1.0}
    here, there = (_exact(role, arguments) for arguments in (rows, raised))
    return bool(np.allclose(there - here, 1.0))


def _exact(role: Role, rows: Arguments) -> Array:
    return np.asarray(View(role, FORMATS["float64"], Observation(rows), FLOAT64).exact, np.float64)


def widened(_role: Role, answer: Answered, asked: Asked) -> Array:
    """The call is made in float32, and its answer rounded."""
    fmt = FORMATS[first(asked.arguments).dtype.name]
    wide = {name: a if a.dtype.kind in "iub" else a.astype(np.float32) for name, a in asked.arguments.items()}
    out = answer(replace(asked, arguments=wide))
    return np.asarray(fmt.round(out.astype(np.float64))) if out.dtype == np.float32 else out


def rows_last(_role: Role, answer: Answered, asked: Asked) -> Array:
    """The rows are laid along the last axis before the call, and their answers back along theirs."""
    if asked.axis is None:
        return answer(asked)
    x, axis = first(asked.arguments), asked.axis
    moved = {
        name: np.ascontiguousarray(np.moveaxis(a, axis, -1)) if a.ndim == x.ndim else a
        for name, a in asked.arguments.items()
    }
    out = answer(Asked(moved, -1, asked.layout))
    return np.moveaxis(out, -1, axis) if out.ndim == x.ndim else out


def laid_plainly(_role: Role, answer: Answered, asked: Asked) -> Array:
    """The arguments are writable arrays in C order."""
    return answer(replace(asked, layout="C"))


def one_by_one(role: Role, answer: Answered, asked: Asked) -> Array:
    """Each row is called by itself."""
    x = first(asked.arguments)
    if not role.signature.batched or x.ndim == 1:
        return answer(asked)
    axis = -1 if asked.axis is None else asked.axis
    flat = {name: np.moveaxis(a, axis, -1).reshape(-1, a.shape[axis]) for name, a in asked.arguments.items()}
    rows = [{name: a[r : r + 1] for name, a in flat.items()} for r in range(prod(first(flat).shape[:1]))]
    out = np.concatenate([answer(Asked(row, -1, "C")) for row in rows])
    kept = [n for d, n in enumerate(x.shape) if d != axis % x.ndim]
    return np.moveaxis(out.reshape(*kept, -1), -1, axis) if out.ndim > 1 else out.reshape(kept)


def _rows_of(case: Case) -> int:
    return case.x.size // max(case.x.shape[case.axis], 1) if case.x.ndim else 1


CORRECTIONS: Mapping[str, Correction] = MappingProxyType(
    {
        "shift": Correction(
            "the row's maximum is subtracted before the call",
            "Subtract the row's maximum first.",
            shifted,
            lambda role, _fmt, case: role.shiftable and "shift" not in case.arguments,  # else both are the same row
            of_values=True,
        ),
        "float32": Correction(
            "the call is made in float32 and its answer rounded",
            "In 16 bits add up in float32.",
            widened,
            lambda _role, fmt, case: (
                fmt.precision < WIDE_PRECISION and case.x.ndim > 0 and case.x.shape[case.axis] >= SUM_ENTRIES
            ),
            of_values=True,
        ),
        "rows last": Correction(
            "the rows are laid along the last axis before the call",
            "Hand the axis on to every reduction.",
            rows_last,
            lambda _role, _fmt, case: case.axis % max(case.x.ndim, 1) != max(case.x.ndim, 1) - 1,
        ),
        "plain layout": Correction(
            "the arguments are writable and in C order",
            "Copy the argument, or walk its strides.",
            laid_plainly,
            lambda _role, _fmt, case: case.layout != "C",
        ),
        "one by one": Correction(
            "each row is called by itself",
            "Reduce along the axis of the rows alone.",
            one_by_one,
            lambda role, _fmt, case: role.signature.batched and 1 < _rows_of(case) <= ALONE_ROWS,
        ),
    }
)


def corrected(call: Call, role: Role, names: Sequence[str]) -> CorrectedCall:
    """The subject with these corrections, the first outermost."""
    change: Change = CORRECTIONS[names[-1]].change
    for name in reversed(names[:-1]):
        change = _composed(CORRECTIONS[name].change, change)
    return CorrectedCall(call, role, change)


def _composed(outer: Change, inner: Change) -> Change:
    return lambda role, answer, asked: outer(role, lambda one: inner(role, answer, one), asked)


def applicable(role: Role, fmt: Format, case: Case) -> list[str]:
    """The corrections that say something of a case."""
    return [name for name, one in CORRECTIONS.items() if one.applies(role, fmt, case)]
