"""Calling what compiles for every shape: rows are repeated to one of a few numbers, and other shapes are not asked for.

`properties.inputs.shapes.COMPILED` is the set, at most 24 shapes. What is refuted so is called again as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined, Effects
from extremum.properties.inputs.shapes import COMPILED_PLACES, COMPILED_ROWS, OTHER_ROWS, Place
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Array

MATRIX = 2  # dimensions
T = TypeVar("T")


class FewShapes(Call):
    """A subject whose calls have few shapes, until `release()`: from then on they are made as they come.

    A matrix of rows gets as many rows as the set has for their length, each of them repeated, and the answer is cut. An
    array of another shape has to be in the set, or the call is `Declined`. A role that is called row by row has no more
    shapes than lengths: its calls are made as they come.
    """

    few = True

    def release(self) -> None:
        """Make calls as they come from now on."""
        self.few = False

    def called(self, case: Case) -> Case:
        """The case in the shape that it is called in, where that is one call."""
        if not self._pads(case.arguments, None):
            return case
        count, given = len(case.x), self.signature.of(case.arguments)
        size = self._sizes(case.x.shape[-1])[-1]
        if count > size:
            return case
        return Case({**case.arguments, **self._repeated(given, count)}, case.layout)

    def array(self, arguments: Arguments, axis: int | None = None, layout: str = "C") -> Array:
        """As of any subject: the answers to parts of the rows, cut and joined, where they have the role's shape."""
        if not self._pads(arguments, axis):
            self._check(arguments, axis)
            return super().array(arguments, axis, layout)
        count = len(first(arguments))
        outs = []
        for start, stop in self._parts(arguments):
            part = {name: a[start:stop] for name, a in arguments.items()}
            out = super().array(self._repeated(part, stop - start), axis, layout)
            outs.append(out[: stop - start] if out.ndim else out)
        return outs[0] if len(outs) == 1 else np.concatenate(outs)[:count]

    def effects(self, arguments: Arguments, others: Arguments) -> Effects:
        """As of any subject, of the repeated rows."""
        if not self._pads(arguments, None):
            self._check(arguments, None)
            return super().effects(arguments, others)
        count = len(first(arguments))
        return super().effects(self._repeated(arguments, count), self._repeated(others, count))

    def elsewhere(self, history: Sequence[Arguments], arguments: Arguments) -> Array | None:
        """As of any subject, of the repeated rows; of the history what has a shape of the set."""
        if not self._pads(arguments, None):
            self._check(arguments, None)
            return super().elsewhere(history, arguments)
        count = len(first(arguments))
        earlier = [self._repeated(one, len(first(one))) for one in history if self._pads(one, None)]
        out = super().elsewhere(earlier, self._repeated(arguments, count))
        return out if out is None or not out.ndim else out[:count]

    def functions_called(self, arguments: Arguments) -> int:
        """As of any subject, of the repeated rows."""
        pads = self._pads(arguments, None)
        return super().functions_called(self._repeated(arguments, len(first(arguments))) if pads else arguments)

    def ahead(self, arguments: Arguments) -> None:
        """Nothing while calls have few shapes: the host would begin with another call."""
        if not self._pads(arguments, None):
            super().ahead(arguments)

    def _each(
        self,
        calls: Sequence[Arguments],
        alone: Callable[[Arguments], Array],
        judged: Callable[[Array, Arguments], Array] | None,
    ) -> list[Array]:
        if not self.few or not self.signature.batched:
            return super()._each(calls, alone, judged)
        return [alone(arguments) for arguments in calls]

    def _pads(self, arguments: Arguments, axis: int | None) -> bool:
        """Whether these are rows of a matrix, which may be repeated."""
        x = first(arguments)
        return self.few and self.signature.batched and x.ndim == MATRIX and axis in (None, -1) and len(x) > 0

    def _check(self, arguments: Arguments, axis: int | None) -> None:
        x = first(arguments)
        if self.few and self.signature.batched and Place(x.shape, -1 if axis is None else axis) not in COMPILED_PLACES:
            raise Declined(f"it is compiled for each shape, and {x.shape} is none of the few that it is called with")

    def _sizes(self, n: int) -> Sequence[int]:
        if n in COMPILED_ROWS:
            return COMPILED_ROWS[n]
        if n == self.subject.length:
            return OTHER_ROWS
        raise Declined(f"it is compiled for each shape, and rows of {n:,} are none of those that it is called with")

    def _parts(self, arguments: Arguments) -> list[tuple[int, int]]:
        """The rows of each call, from and up to."""
        count, largest = len(first(arguments)), self._sizes(first(arguments).shape[-1])[-1]
        return [(start, min(start + largest, count)) for start in range(0, count, largest)]

    def _repeated(self, arguments: Arguments, count: int) -> dict[str, Array]:
        """Rows of arguments, repeated to the least number of rows that the set has for their length."""
        sizes = self._sizes(first(arguments).shape[-1])
        size = next(size for size in sizes if size >= count)
        return {name: np.resize(a, (size, *a.shape[1:])) for name, a in arguments.items()}
