"""How a role's function is called: the names and ranks of its arguments, and the shape of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from extremum.reference.arithmetic.formats import Array

Arguments = Mapping[str, Array]
Shape = tuple[int, ...]


def like_first(arguments: Arguments, _axis: int) -> Shape:
    """The shape of the first argument."""
    return first(arguments).shape


def without_axis(arguments: Arguments, axis: int) -> Shape:
    """The shape of the first argument, with the axis of its rows removed."""
    shape = list(first(arguments).shape)
    del shape[axis]
    return tuple(shape)


def like(name: str) -> Callable[[Arguments, int], Shape]:
    """The shape of the argument `name`."""
    return lambda arguments, _axis: arguments[name].shape


def square(arguments: Arguments, _axis: int) -> Shape:
    """A matrix with a row and a column for each entry of the first argument."""
    return first(arguments).shape * 2


def scalar(_arguments: Arguments, _axis: int) -> Shape:
    """No axes."""
    return ()


def first(arguments: Arguments) -> Array:
    """The first argument."""
    return next(iter(arguments.values()))


@dataclass(frozen=True)
class Signature:
    """What is passed to the function, and what comes back.

    `inputs` maps the names of the arguments, in order, to their number of axes in one call: 2 of a matrix, 1 of a
    vector, none of a number, which is passed as an int (a label) or a float. A `batched` function takes rows under
    leading axes, all in one call; another is called for each row. `answer(arguments, axis)` is the shape of the
    answer to one call.
    """

    inputs: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({"x": 1}))
    answer: Callable[[Arguments, int], Shape] = like_first
    batched: bool = True

    @property
    def one_row(self) -> bool:
        """Whether one call is of a row and nothing else."""
        return list(self.inputs.values()) == [1]

    @property
    def form(self) -> str:
        """The shape of an answer in a word, as `c_symbols.bound` has it: "like NAME", "rows", "square" or "number"."""
        sizes = (5, 3) if self.batched else (3,)  # rows of 3; a matrix of 2 rows
        arguments = {x: np.zeros((2, 3) if rank == 2 else sizes if rank else ()) for x, rank in self.inputs.items()}
        answer, x = self.answer(arguments, -1), first(arguments)
        same = next((name for name, a in arguments.items() if a.shape == answer and a.ndim), None)
        if same is not None:
            return f"like {same}"
        return {(): "number", x.shape[:-1]: "rows"}.get(answer, "square")

    def of(self, arguments: Arguments) -> Arguments:
        """Those of `arguments` that are passed to the function, in order."""
        return {name: arguments[name] for name in self.inputs}

    def row(self, arguments: Arguments, index: int) -> Arguments:
        """The arguments of the call for one row."""
        return {name: arguments[name][index] for name in self.inputs}

    def flat(self, arguments: Arguments) -> Arguments:
        """The arguments as rows: leading axes of a batched role are made one."""
        if not self.batched:
            return self.of(arguments)
        return {name: arguments[name].reshape(-1, arguments[name].shape[-1]) for name in self.inputs}

    def of_another_length(self, arguments: Arguments, n: int, length: int, rows: int) -> Arguments:
        """As many rows of these values, resized: each axis that has n entries behind the rows has `length` instead.

        A label stays below the length.
        """
        others = {}
        for name in self.inputs:
            a = arguments[name]
            shape = (rows, *(length if size == n else size for size in a.shape[1:]))
            resized = np.resize(a, shape)
            others[name] = np.minimum(resized, length - 1) if a.dtype.kind in "iu" else resized
        return others

    def width(self, n: int) -> int:
        """How many entries the answer to a row of length n has."""
        ranks = self.inputs.items()
        row = {x: np.broadcast_to(np.float32(0), (1,) * (rank - 1) + (n,) * (rank > 0)) for x, rank in ranks}
        return int(np.prod(self.answer(row, -1), dtype=int))

    def entries(self, m: int, n: int) -> int:
        """How many entries the largest array of a call has: an argument, of m rows of n, or the answer."""
        return max(self.width(n), m * n if 2 in self.inputs.values() else n)

    def shown(self, arguments: Arguments) -> Arguments:
        """The arguments as a reader passes them: those of a single call without the axis of rows."""
        if self.batched or any(len(arguments[name]) != 1 for name in self.inputs):
            return arguments
        return {name: a[0] if name in self.inputs else a for name, a in arguments.items()}

    def stacked(self, arguments: Arguments) -> Arguments:
        """The inverse of `shown`."""
        if self.batched:
            return arguments
        return {
            name: a[None] if name in self.inputs and a.ndim == self.inputs[name] else a for name, a in arguments.items()
        }
