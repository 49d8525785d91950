"""The fused screen of softmax: the loops of `kernel`, where Numba is installed and the format has 24 bits or fewer."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np

from extremum.properties.fused import Fused
from extremum.properties.role import View
from extremum.properties.softmax import bounds
from extremum.reference.formats import FORMATS, Format

EXACT = ("finite", "nonnegative", "at_most_one")  # hold where all outputs are in [0, 1]
GRADES = ULP, PAIRWISE = ("within an ulp", "pairwise or wide bound")  # those that are not the bound of `accuracy`


@lru_cache(maxsize=1)
def kernel() -> ModuleType | None:
    """The compiled loops, or None without Numba."""
    try:
        from extremum.properties.softmax import kernel as loops
    except ImportError:
        return None
    return loops


def fused(view: View, open_grades: frozenset[str]) -> Fused | None:
    """What the loops see of rows (rows, n) and their answers, or None where they can't look.

    An answer that is not in [0, 1] has infinite ratios in all properties, and so has a row of which more was flushed
    to zero than `properties.softmax.bounds.flushed` excuses. Whether a long row is within an ulp is known
    where that is open.
    """
    fmt, observation = view.fmt, view.observation
    loops = kernel() if fmt.precision <= FORMATS["float32"].precision else None
    if loops is None or observation.out is None or observation.out.shape != observation.x.shape:
        return None
    numbers, lossy = _numbers(fmt, view.n)
    plain, sums, ratio, flushed = (np.empty(len(observation.x)) for _ in range(4))
    beyond = np.empty(len(observation.x), np.int32)
    made = plain, sums, ratio, flushed, beyond
    short = view.n <= loops.SHORT
    # No format of 24 bits or fewer loses anything in float32.
    x, out = (np.asarray(a, np.float32, order="F" if short else "C") for a in (observation.x, observation.out))
    if short:
        loops.short_rows(x.T, out.T, numbers, lossy, made)
    else:
        loops.long_rows(x, out, numbers, lossy, ULP in open_grades, made)
    ratios = dict.fromkeys(EXACT, plain) | {"sum_to_one": sums, "accuracy": ratio, "gradual_underflow": flushed}
    grades = {ULP: (beyond & 1) > 0} if short or ULP in open_grades else {}
    return Fused(ratios, grades | {PAIRWISE: (beyond & 2) > 0}, frozenset((*EXACT, "sum_to_one")))


@lru_cache(maxsize=1024)
def _numbers(fmt: Format, n: int) -> tuple[tuple[float, ...], float]:
    """`bounds` and `lossy` of the kernel."""
    u, d = fmt.unit_roundoff, bounds.additions(fmt, n)
    at_most = (bounds.SCALINGS + bounds.EXP_ERROR[fmt.name]) * u
    base, pairwise = (bounds.fixed(fmt, n, adds) + at_most for adds in (d, min(bounds.pairwise(n), d)))
    gap, tiny = bounds.gap_roundings(fmt) * u, fmt.tiny * (1 - 2.0**-40)  # what the loops call flushed surely is
    numbers = (gap, base, pairwise, bounds.gradual(fmt), tiny, 2.0 ** (1 - fmt.precision))
    return tuple(map(float, numbers)), bounds.sum_error(fmt, n, d)
