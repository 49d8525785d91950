"""The profile of a cell: the largest measured/allowed by magnitude of the input and by row length."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from extremum.reference.formats import Array

CEILING = 1e12  # an infinite ratio is drawn here
PER_OCTAVE = 4


@dataclass
class Profile:
    """Ratios binned on logarithmic axes; each bin keeps its largest."""

    magnitude: dict[int, float] = field(default_factory=dict)
    length: dict[int, float] = field(default_factory=dict)

    def add(self, magnitudes: Array, n: int, ratio: Array) -> None:
        """Take in the ratios (rows,) of rows of length n, whose largest finite entries are `magnitudes`."""
        capped = np.minimum(ratio, CEILING)
        bins = np.rint(np.log2(np.maximum(magnitudes, 2.0**-24)) * PER_OCTAVE).astype(int)
        for b in np.unique(bins).tolist():
            self.magnitude[b] = max(self.magnitude.get(b, 0.0), float(capped[bins == b].max()))
        self.length[n] = max(self.length.get(n, 0.0), float(capped.max(initial=0.0)))

    def record(self) -> dict[str, list[list[float]]]:
        """Points (input, ratio) by rising input, rounded to what a plot can show."""
        magnitude = [[2.0 ** min(b / PER_OCTAVE, 1023.99), r] for b, r in sorted(self.magnitude.items())]
        length = [[float(n), r] for n, r in sorted(self.length.items())]
        return {
            "magnitude": [[float(f"{x:.4g}"), float(f"{r:.4g}")] for x, r in magnitude],
            "length": [[x, float(f"{r:.4g}")] for x, r in length],
        }
