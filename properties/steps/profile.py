"""The profile of a cell: the largest measured/allowed by magnitude of the input and by row length."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from extremum.reference.arithmetic.formats import Array

LARGEST_RATIO = 1e12  # an infinite ratio is drawn here
BINS_PER_OCTAVE = 4
SMALLEST_OCTAVE = -24  # a smaller magnitude is drawn here
BINS = (1024 - SMALLEST_OCTAVE) * BINS_PER_OCTAVE + 1


def bins_of(magnitudes: Array) -> Array:
    """The bins of magnitudes that are finite and not negative."""
    octaves = np.log2(np.maximum(magnitudes, 2.0**SMALLEST_OCTAVE)) - SMALLEST_OCTAVE
    return np.asarray(np.rint(octaves * BINS_PER_OCTAVE), int)


@dataclass
class Profile:
    """Ratios binned on logarithmic axes; each bin keeps its largest, and is negative until it has one."""

    magnitude: Array = field(default_factory=lambda: np.full(BINS, -1.0))
    length: dict[int, float] = field(default_factory=dict)

    def add(self, bins: Array, n: int, ratio: Array) -> None:
        """Take in the ratios (rows,) of rows of length n, whose largest finite entries are in `bins`."""
        ratio = np.minimum(np.maximum(ratio, 0.0), LARGEST_RATIO)
        np.maximum.at(self.magnitude, bins, ratio)
        if len(ratio):
            self.length[n] = max(self.length.get(n, 0.0), float(ratio.max()))

    def record(self) -> dict[str, list[list[float]]]:
        """Points (input, ratio) by rising input, rounded to what a plot can show."""
        bins = np.flatnonzero(self.magnitude >= 0)
        places = 2.0 ** np.minimum(bins / BINS_PER_OCTAVE + SMALLEST_OCTAVE, 1023.99)  # below the largest float64
        magnitude = zip(places.tolist(), self.magnitude[bins].tolist(), strict=True)
        length = [[float(n), r] for n, r in sorted(self.length.items())]
        return {
            "magnitude": [[float(f"{x:.4g}"), float(f"{r:.4g}")] for x, r in magnitude],
            "length": [[x, float(f"{r:.4g}")] for x, r in length],
        }
