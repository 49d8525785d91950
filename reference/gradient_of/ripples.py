"""The sum of sin(x^2), and the same through Python's floats, on which no exact number can be put."""

import math
from typing import Any

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


def ripples(x: Array) -> Any:
    """The sum of sin(x_i^2)."""
    return np.sin(x**2).sum()


def opaque_ripples(x: Array) -> float:
    """As `ripples`, by Python's math."""
    return math.fsum(math.sin(float(v) ** 2) for v in x)


def _slope(x: Array) -> Array:
    w = x.astype(np.float64)  # the angle has to keep its digits
    return (2 * w * np.cos(w**2)).astype(x.dtype)


@subject("gradient_of", kind="reference", of=ripples, of_origin=f"{__name__}:ripples")
def ripples_gradient(x: Array) -> Array:
    """2 x cos(x^2)."""
    return _slope(x)


@subject("gradient_of", kind="reference", of=opaque_ripples, of_origin=f"{__name__}:opaque_ripples")
def opaque_ripples_gradient(x: Array) -> Array:
    """2 x cos(x^2)."""
    return _slope(x)
