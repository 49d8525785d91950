"""Labels: the index that a cross-entropy is taken at."""

from __future__ import annotations

import numpy as np

from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import Array


def logits_and_labels(draw: Draw, regime: Regime) -> Arguments:
    """Rows of `logits`, and a label `L` for each that is not masked: the largest entry, the smallest, or any."""
    logits = regime.fill(draw)
    x = logits.astype(np.float64)
    rows = np.arange(len(x))
    largest, smallest = x.argmax(axis=-1), np.where(np.isneginf(x), np.inf, x).argmin(axis=-1)
    anywhere = np.broadcast_to(draw.integers(0, draw.n - 1), (len(x), 1))[:, 0]
    anywhere = np.where(np.isneginf(x[rows, anywhere]), largest, anywhere)
    kind = np.broadcast_to(draw.integers(0, 2), (len(x), 1))[:, 0]
    return {"logits": logits, "L": np.choose(kind, (largest, smallest, anywhere)).astype(np.int64)}


def is_label(arguments: Arguments) -> Array:
    """Where the label stands, as a mask (rows, n)."""
    return np.asarray(np.arange(arguments["logits"].shape[1]) == arguments["L"][:, None])
