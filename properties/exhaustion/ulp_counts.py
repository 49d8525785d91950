"""How many entries of a finite domain are off by more than 0.5, 1, 2 and 4 ulps of the exact value.

The screen counts what it knows: it is off by `View.off`, and where the exact value is that near to a power of two it
does not know the ulp either. What lies as near as that to a threshold is kept, and decided in balls at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from extremum.properties.model.role import Experiment
from extremum.properties.model.view import Observation, View
from extremum.properties.values.signature import Arguments
from extremum.properties.values.tally import THRESHOLDS, UlpCounts
from extremum.reference.arithmetic.formats import Array, Format

BITS = (128, 512, 2048)
CLOSE = 0.98  # of half an ulp: an entry that is closer to its exact value is beyond no threshold
EXPONENT = np.int64(0x7FF0000000000000)  # of a float64, as bits


def count(counts: UlpCounts, view: View, error: Array, start: int) -> None:
    """Count the entries (rows, 1) of a block of rows that begins at number `start`."""
    size, off = view.narrow(abs(view.exact)), view.narrow(view.off)
    # Below the normal range this is less than half of the spacing, and selects more for it.
    some = np.flatnonzero(~(error + off <= _power(size - off) * (2.0**-view.fmt.precision * CLOSE)))
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
    beyond = list(counts.beyond)
    for number, index in counts.doubtful:
        beyond[number] += _exceeds(experiment, arguments(index), THRESHOLDS[number])
    return UlpCounts(beyond)


def spacing(fmt: Format, size: Array | float) -> Array:
    """The distance of the floats at numbers, as `property.ulp` has it, by the bits of exponents: that is fast."""
    clipped = np.atleast_1d(np.clip(size, fmt.tiny, fmt.max))
    return _power(clipped) * 2.0 ** (1 - fmt.precision)


def _power(numbers: Array) -> Array:
    """The largest power of two that is no larger than each number in size."""
    return (numbers.view(np.int64) & EXPONENT).view(np.float64)


def _exceeds(experiment: Experiment, arguments: Arguments, threshold: float) -> bool:
    """Whether the answer to a row of one entry is proved to be off by more than so many ulps."""
    out = experiment.call.rows(arguments)
    for bits in BITS:
        with flint.ctx.workprec(bits):
            view = View(experiment.role, experiment.fmt, Observation(arguments, out), experiment.role.certifier)
            error, exact = abs(view.out - view.exact)[0, 0], abs(view.exact)[0, 0]
            allowed = threshold * _spacing_at(experiment.fmt, exact)
            if error > allowed:
                return True
            if error <= allowed:
                return False
    return False


def _spacing_at(fmt: Format, exact: Any) -> float:
    """As `spacing`, of a ball: a number just below a power of two rounds to that as a float."""
    near = float(exact.mid())
    return float(spacing(fmt, np.nextafter(near, 0.0) if exact < near else near)[0])
