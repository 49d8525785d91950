"""A witness beside its role and property: its rows, how often it is called, and where its worst entry stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.witness import decode
from extremum.properties.values.case import Case
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.signature import Arguments, Signature, first
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.arithmetic.wide import screen_arithmetic

ROUND_UP = 1.001  # of a tolerance: the screen knows it to a thousandth


@dataclass(frozen=True)
class Shown:
    """A witness beside its role and property: how often it is called, and where its worst entry stands."""

    cell: Cell
    witness: Witness
    role: Role
    prop: Property

    @property
    def signature(self) -> Signature:
        """The role's."""
        return self.role.signature

    @property
    def fmt(self) -> Format:
        """The cell's format."""
        return format_of(self.cell.dtype)

    @cached_property
    def case(self) -> Case:
        """The arguments as the record has them."""
        return decode(self.witness.arguments)

    @property
    def inputs(self) -> Arguments:
        """Those that are passed to the function, as a reader passes them."""
        return {x: np.asarray(self.case.arguments[x]) for x in self.signature.inputs}

    @property
    def stacked(self) -> bool:
        """Whether they are rows for one call each."""
        return not self.signature.batched and any(
            np.ndim(self.case.arguments[x]) > rank for x, rank in self.signature.inputs.items()
        )

    @cached_property
    def rows(self) -> Arguments:
        """All arguments, those of the function as rows: the axis of the rows last, and one leading axis."""
        given = {x: np.asarray(a) for x, a in self.signature.stacked(self.case.arguments).items()}
        if not self.signature.batched:
            return given
        moved = {x: np.moveaxis(a, self.case.axis, -1) if x in self.signature.inputs else a for x, a in given.items()}
        return {**moved, **self.signature.flat(moved)}

    @cached_property
    def row(self) -> int:
        """The number of the row with the worst entry; of rows that are compared, only finite ones are counted."""
        row = self.witness.index[0] if len(self.witness.index) else 0
        if self.prop.name != "row_independence":
            return row
        x = first(self.rows)
        finite = np.flatnonzero(np.isfinite(x.astype(np.float64).reshape(len(x), -1)).all(axis=1))
        return int(finite[row]) if row < len(finite) else row

    @property
    def column(self) -> int:
        """The place of the worst entry in the answer to its row."""
        return self.witness.index[1] if len(self.witness.index) > 1 else 0

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of the answer to the call, or to one of several."""
        one = {x: a[0] for x, a in self.inputs.items()} if self.stacked else self.inputs
        return tuple(self.signature.answer(one, -1))

    @property
    def width(self) -> int:
        """The entries of the answer to one row."""
        entries = prod(self.shape)
        return entries // len(first(self.rows)) if self.signature.batched else entries

    @cached_property
    def view(self) -> View:
        """The row with the worst entry, seen in the arithmetic of the screen; its answer is left at zeros."""
        row = {x: self.rows[x][self.row : self.row + 1] for x in self.signature.inputs}
        return View(self.role, self.fmt, Observation(row, np.zeros((1, self.width))), screen_arithmetic(self.fmt))

    def at(self, values: Any) -> float:
        """The value of the worst entry among values of the row."""
        return float(np.broadcast_to(self.view.narrow(values), (1, self.width))[0, min(self.column, self.width - 1)])


def exact_of(shown: Shown) -> float:
    """The exact value of the worst entry, as the record has it, or by the truth; NaN where neither is known."""
    text = shown.witness.exact.strip("[]").partition(" +/- ")[0]
    try:
        return float(text) if text and not text.startswith("+/-") else shown.at(shown.view.exact)
    except ValueError:
        return shown.at(shown.view.exact)
