"""EX110 mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.call import Call
from extremum.properties.case import Case
from extremum.properties.comparison import compare
from extremum.properties.role import Observation, Property, View, ulp
from extremum.reference.formats import format_of


def measure(view: View) -> tuple[Any, Any]:
    """An entry of -inf gets exactly zero, and the others get what they get without it.

    exp(-inf) = 0 is exact, so nothing is allowed at a masked entry. The others have the same exact values
    as in the row with the masked entries removed; two answers of a sound algorithm differ by at most
    twice the allowance of `accuracy`. Rows with every entry masked are not tried: their meaning is
    contested. The usual causes: a mask of -1e9 or -1e4 in place of -inf; a floor or an epsilon under the
    probabilities; -inf - -inf, which is NaN, in a running maximum that starts with a masked entry.
    """
    return compare(view)


def observe(call: Call, case: Case) -> Observation:
    """f(x), f of each row without its masked entries, and the largest output at a masked one.

    For the truth the masked entries are the lowest finite value, which lies so far below that its exp is 0.
    """
    x, hidden = case.x, np.isneginf(case.x)
    out, other = call.same_shape(x), np.zeros_like(x)
    for row in np.flatnonzero((~hidden).any(axis=1)):
        kept = np.ascontiguousarray(x[row : row + 1, ~hidden[row]])
        other[row, ~hidden[row]] = call.same_shape(kept)[0].astype(x.dtype)
    leaks = np.where(hidden, out.astype(np.float64), 0.0)
    leaks = np.where(np.isnan(leaks), np.inf, np.abs(leaks)).max(axis=-1, keepdims=True)
    note = f"a masked entry got {out[hidden & (out != 0)][0]:.6g}" if leaks.any() else ""
    lowest = format_of(x.dtype.name).round(-np.finfo(np.float64).max)
    shown = np.where(hidden, np.zeros((), out.dtype), out)
    return Observation(np.where(hidden, lowest, x), shown, other, extra=leaks, note=note)


PROPERTY = Property(
    "mask",
    "EX110",
    measure,
    "ulp",
    ulp,
    observe=observe,
    rows=8,
    lengths="few",
    masked=True,
    script=("print(f(x))", "print([f(row[row > -np.inf][None])[0] for row in x])"),
)
