"""Cotangents: the vectors g that a vector-Jacobian product is taken of, each kind with an end in view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from extremum.properties.inputs.draw import Draw, pick
from extremum.reference.arithmetic.formats import Array

ROOM = 64  # times the sum of a huge cotangent is still finite: no sound product leaves the range
TINY = 64  # smallest normals in the entries of a tiny cotangent: most of its products are subnormal


def with_cotangent(draw: Draw) -> Array:
    """A cotangent for each row, shape (rows, n), in the format's dtype."""
    return draw.fmt.round(np.broadcast_to(draw.one_of(KINDS)(draw), (draw.rows, draw.n)))


def onehot(draw: Draw) -> Array:
    """One entry, as the gradient of a single output."""
    return np.where(np.arange(draw.n) == draw.integers(0, draw.n - 1), 1.0, 0.0)


def ordinary(draw: Draw) -> Array:
    """Numbers between -3 and 3."""
    return draw.uniform(-3.0, 3.0, each=True)


def alternating(draw: Draw) -> Array:
    """1 and -1 by turns: next to nothing is left of <g, s> on even rows."""
    return np.where(np.arange(draw.n) % 2 == 0, 1.0, -1.0) * pick(draw, [1.0, 0.5, 16.0])


def constant(draw: Draw) -> Array:
    """One number throughout, whose product is exactly 0."""
    return pick(draw, [1.0, -3.0, 100.0, 0.1])


def offset(draw: Draw) -> Array:
    """A small signal on a large constant, which has to cancel."""
    return pick(draw, [100.0, -1000.0]) + draw.uniform(-1.0, 1.0, each=True)


def huge(draw: Draw) -> Array:
    """Large numbers, as under loss scaling, of any size up to a point where `ROOM` times their sum is still finite."""
    top = float(np.log2(draw.fmt.max / ROOM / draw.n))
    size = 2.0 ** np.floor(draw.uniform(min(4.0, top), top))
    return draw.uniform(-1.0, 1.0, each=True) * size


def tiny(draw: Draw) -> Array:
    """Small numbers, whose products with s are subnormal."""
    return draw.uniform(-1.0, 1.0, each=True) * (draw.fmt.tiny * TINY)


KINDS: tuple[Callable[[Draw], Array], ...] = (onehot, ordinary, alternating, constant, offset, huge, tiny)
