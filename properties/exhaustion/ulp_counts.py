"""How many entries of a finite domain are off by more than 0.5, 1, 2 and 4 ulps of the exact value.

The screen counts what it knows: it is off by `View.off`, and where the exact value is that near to a power of two it
does not know the ulp either. What lies as near as that to a threshold is kept, and decided in balls at the end.
"""

from __future__ import annotations

from collections.abc import Callable

import flint
import numpy as np

from extremum.properties.model.role import Experiment
from extremum.properties.model.view import Observation, View
from extremum.properties.values.signature import Arguments
from extremum.properties.values.tally import THRESHOLDS, UlpCounts
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.spacings import power, spacing, spacing_of_ball

BITS = (128, 512, 2048)
CLOSE = 0.98  # of half an ulp: an entry that is closer to its exact value is beyond no threshold


def count(counts: UlpCounts, view: View, error: Array, start: int) -> None:
    """Count the entries (rows, 1) of a block of rows that begins at number `start`."""
    size, off = view.narrow(abs(view.exact)), view.narrow(view.off)
    # Below the normal range this is less than half of the spacing, and selects more for it.
    some = np.flatnonzero(~(error + off <= power(size - off) * (2.0**-view.fmt.precision * CLOSE)))
    if not some.size:
        return
    error, exact, off = (a.ravel()[some] for a in (error, size, off))
    ulps = error / spacing(view.fmt, exact)
    straddles = spacing(view.fmt, exact - off) != spacing(view.fmt, exact + off)
    finite = np.where(np.isfinite(ulps), ulps, 0.0)  # what is no number is beyond every threshold for sure
    uncertain = off / spacing(view.fmt, exact) + straddles * finite
    for number, threshold in enumerate(THRESHOLDS):
        near = np.abs(ulps - threshold) <= uncertain
        places = some[near].tolist()
        counts.add(number, int(np.count_nonzero((ulps > threshold) & ~near)), [start + i for i in places])


def settled(counts: UlpCounts, experiment: Experiment, arguments: Callable[[int], Arguments]) -> UlpCounts:
    """The counts with all doubts decided in balls, where all of them were kept; `arguments` gives those of a number."""
    if sum(counts.doubts) != len(counts.doubtful):
        return counts
    left = UlpCounts(list(counts.beyond))
    for number, index in counts.doubtful:
        exceeds = _exceeds(experiment, arguments(index), THRESHOLDS[number])
        left.add(number, int(exceeds is True), [index] if exceeds is None else [])
    return left


def _exceeds(experiment: Experiment, arguments: Arguments, threshold: float) -> bool | None:
    """Whether the answer to a row of one entry is off by more than so many ulps; None where balls do not tell.

    They do not where the exact value is nearer to a power of two than their precision, and the ulp is either of two.
    """
    out = experiment.call.rows(arguments)
    for bits in BITS:
        with flint.ctx.workprec(bits):
            view = View(experiment.role, experiment.fmt, Observation(arguments, out), experiment.role.certifier)
            error, exact = abs(view.out - view.exact)[0, 0], abs(view.exact)[0, 0]
            allowed = spacing_of_ball(experiment.fmt, exact) * threshold
            if error > allowed:
                return True
            if error <= allowed:
                return False
    return None
