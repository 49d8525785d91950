"""Exact gradients, and vectors as columns and rows, for the claims about them."""

from __future__ import annotations

from typing import Any

import flint

from extremum.properties.claims.inputs import shaped
from extremum.properties.roles.gradient_of.directional import quotient
from extremum.reference.arithmetic.formats import Array


def gradient(f: Any, x: Array) -> Array:
    """The gradient of f at `x`, exactly: along each axis by difference quotients and by a dual number, which agree."""
    return shaped([along(f, x, i) for i in range(len(x))], x.shape)


def inner_gradient(w: Array, x: Array) -> Array:
    """The exact gradient of the inner product of w and x."""
    return gradient(lambda y: w @ y, x)


def along(f: Any, x: Array, i: int) -> Any:
    """The partial derivative of f by x_i, exactly."""
    axis = [flint.fmpq(int(k == i)) for k in range(len(x))]
    return quotient(f, list(x), axis)


def summed(w: Array, x: Array) -> Any:
    """The sum over i from 1 to n, term by term."""
    total = w[0] * x[0]
    for i in range(1, len(w)):
        total = total + w[i] * x[i]
    return total


def column(v: Array) -> Array:
    """A vector as a matrix of one column."""
    return v[:, None]


def row(v: Array) -> Array:
    """A vector as a matrix of one row."""
    return v[None, :]
