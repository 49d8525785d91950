"""The experiment of the properties `mask`: a row with masked entries, and the same row without them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Array, format_of

Leak = Callable[[Array], Array]
SCRIPT = (  # of a property: {kept} are the places without the masked ones, {without} the arguments there
    "kept = {row_of_first} > -np.inf",
    "got = float(f({copies}){at})",
    "expected = float(f({without}){at_without})",
)
LEAK_SCRIPT = (  # where it is a masked entry that is wrong
    "kept = {row_of_first} > -np.inf",
    "y = f({copies}){pick}",
    "leaks = y[~({kept_entries}) & (y != {masked})]",
    "got, expected = float(leaks[0]) if leaks.size else {masked}, {masked}",
)


def observe(call: Call, case: Case, leak: Leak | None = None) -> Observation:
    """f of the rows, and f of each row without its masked entries.

    Where the answer has an entry for each of the input's (or for each pair of them), `leak` maps an answer to how far
    it is from what a masked entry must get. For the truth the masked entries are the lowest finite value, which lies
    so far below the others that its exp is 0. Where calls have few shapes, that takes the place of leaving them out.
    """
    arguments = call.signature.of(case.arguments)
    x, hidden = case.x, np.isneginf(case.x)
    lowest = format_of(x.dtype.name).round(-np.finfo(np.float64).max)
    replaced = {name: np.where(hidden, lowest, a) if a is x else a for name, a in arguments.items()}
    open_rows = np.flatnonzero((~hidden).any(axis=1)).tolist()
    without = [replaced] if call.few else [_kept(arguments, row, hidden[row]) for row in open_rows]
    out, *alone = call.each([arguments, *without])
    masked = hidden if out.shape != (len(x), x.shape[1] ** 2) else in_matrix(hidden)
    left = ~masked if leak else np.ones(out.shape, bool)
    answers = [alone[0][row, left[row]] for row in open_rows] if call.few else [answer[0] for answer in alone]
    other = np.zeros(out.shape, x.dtype)
    for row, answer in zip(open_rows, answers, strict=True):
        other[row, left[row]] = answer.astype(x.dtype)
    if leak is None:
        return Observation(replaced, out, other)
    leaks = np.where(masked, leak(out.astype(np.float64)), 0.0)
    note = f"a masked entry got {float(out[masked & (leaks > 0)][0]):.6g}" if leaks.any() else ""
    unmasked = np.where(masked, np.zeros((), out.dtype), out)
    return Observation(replaced, unmasked, other, extra=leaks.max(axis=-1, keepdims=True), note=note)


def in_matrix(hidden: Array) -> Array:
    """Where an (n, n) answer has a masked row or column, flattened."""
    return np.asarray(hidden[:, :, None] | hidden[:, None, :]).reshape(len(hidden), -1)


def _kept(arguments: Arguments, row: int, hidden: Array) -> Arguments:
    """The arguments of the row without its masked entries; a label is counted among those that are left."""
    shape = first(arguments).shape
    return {
        name: np.ascontiguousarray(a[row : row + 1, ~hidden])
        if a.shape == shape
        else a[row : row + 1] - hidden[: int(a[row])].sum()
        for name, a in arguments.items()
    }
