"""Which cells a plot of measured/allowed says something of; apart from the plots, whose library imports slowly."""

from __future__ import annotations

from collections.abc import Sequence

from extremum.properties.steps.profile import LARGEST_RATIO
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS

LEAST_POINTS = 3  # finite ratios above 1, for a curve that says something


def telling(cells: Sequence[Cell]) -> list[Cell]:
    """The cells to plot; none where no curve shows how an error grows beyond what is allowed.

    Where all that fails is infinite, or fails in a place or two, the witness says as much.
    """
    shown = [c for c in cells if c.dtype in FORMATS and any(c.profile.values())]
    beyond = [
        max(sum(1 < r < LARGEST_RATIO for _, r in c.profile.get(name, [])) for name in ("magnitude", "length"))
        for c in shown
    ]
    return shown if max(beyond, default=0) >= LEAST_POINTS else []
