"""Fused screens: all the properties of a role that one call decides, in one compiled pass over rows and answers.

A role may have one, `Role.fused`. It knows the ratio measured/allowed of each row to within `MARGIN`, and says so of
none that it does not know: those are infinite. The screen then looks, in the words of the properties themselves, at
those rows only that it does not clear (`clears`), that are closest to what is allowed (`closer`, where the domain is
to be exhausted), and that exceed a grade (`exceeding`). So no verdict, witness or number of a finding comes from a
fused screen; the profile of a cell does, and which row is the closest, to within `MARGIN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field

import numpy as np

from extremum.reference.arithmetic.formats import Array

MARGIN = 2.0**-20  # absolute; relative to ratios above 1


@dataclass(frozen=True)
class Fused:
    """The ratios (rows,) of each property, and masks (rows,) of those that exceed a grade, by name.

    Those of the `exactly` named come from the very operations of their property, but for the order of sums. The grades
    that it `lacks` it tells only where they are asked for.
    """

    ratios: Mapping[str, Array]
    beyond: Mapping[str, Array] = field(default_factory=dict)
    exactly: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()


def clears(fused: Fused, name: str, limit: float) -> float:
    """The largest ratio here that holds a property for sure; `limit` is the largest that the screen clears."""
    return limit if name in fused.exactly else limit - MARGIN


def closer(fused: Fused, name: str, limit: float, best: float) -> Array:
    """The rows (a mask) that the screen has to look at for a property, where all that it may not clear are wanted.

    `limit` is the largest ratio that it clears, `best` the largest that is known. The row of the largest true ratio is
    among them if that is above `best`: its ratio here is at most `MARGIN` below, and every other's at most `MARGIN`
    above.
    """
    ratio, margin = fused.ratios[name], 0.0 if name in fused.exactly else MARGIN
    # One maximum tells, before any mask is made, where no row has to be looked at.
    if float(ratio.max()) <= min(best, limit) - margin:
        return np.zeros(len(ratio), bool)
    clear = ratio <= clears(fused, name, limit)
    # Two margins: the largest may be that much too high here, and the row of the largest true ratio that much too low.
    top = float(np.max(ratio, where=clear, initial=-np.inf))
    return np.asarray(~clear | ((ratio > best - margin) & (ratio >= top - 2 * margin) & (ratio != 0)))


def larger(fused: Fused, name: str, best: float) -> Array:
    """The rows (a mask) that the screen has to look at, where only the largest ratio is wanted, if it is above `best`.

    `best` is 1 or more, so that `MARGIN` is relative.
    """
    ratio, margin = fused.ratios[name], 0.0 if name in fused.exactly else MARGIN
    if best == np.inf or float(ratio.max()) <= best * (1 - margin):
        return np.zeros(len(ratio), bool)
    # An infinite ratio here is unknown, not large: it has to be looked at, and must not be the top of the others.
    known = np.isfinite(ratio)
    top = float(np.max(ratio, where=known, initial=0.0))
    return np.asarray(~known | ((ratio > best * (1 - margin)) & (ratio >= top * (1 - 2 * margin))))


def exceeding(fused: Fused, still_open: Callable[[], Set[str]]) -> Iterator[Array]:
    """Rows (their indices) that seem to exceed a grade, a few at a time, as long as no row is known to."""
    for grade, mask in fused.beyond.items():
        if grade not in still_open():
            continue
        # The first row that really exceeds the grade closes it: few are looked at first, then twice as many each time.
        rows, few = np.flatnonzero(mask), 1
        while len(rows) and grade in still_open():
            yield rows[:few]
            rows, few = rows[few:], 2 * few
