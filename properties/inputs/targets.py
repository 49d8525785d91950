"""Targets: the numbers y from 0 to 1 that a binary cross-entropy is taken against, each kind with an end in view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from extremum.properties.inputs.draw import Draw, pick
from extremum.reference.arithmetic.formats import Array


def with_targets(draw: Draw) -> Array:
    """A target for each entry, shape (rows, n), in the format's dtype."""
    return draw.fmt.round(np.broadcast_to(draw.one_of(KINDS)(draw), (draw.rows, draw.n)))


def labels(draw: Draw) -> Array:
    """0 and 1."""
    return pick(draw, [0.0, 1.0], each=True)


def smoothed(draw: Draw) -> Array:
    """0 and 1, smoothed, and an even chance."""
    return pick(draw, [0.05, 0.95, 0.5], each=True)


def fractions(draw: Draw) -> Array:
    """Numbers from 0 to 1."""
    return draw.uniform(0.0, 1.0, each=True)


def edges(draw: Draw) -> Array:
    """Next to 0 and next to 1, where a product with y or 1 - y rounds to nothing, or does not."""
    u = draw.fmt.unit_roundoff
    return pick(draw, [draw.fmt.eta, draw.fmt.tiny, u, 1.0 - u, 1.0 - 2 * u], each=True)


KINDS: tuple[Callable[[Draw], Array], ...] = (labels, smoothed, fractions, edges)
