"""The sound gradients of quadratics in pieces: each mutant is made of these, with one of them wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._arrays import lift

STEP = 1e-6  # of a difference quotient, whatever the dtype


def form(A: Array, x: Array) -> Array:
    """(A + A^T) x in the format of the computation."""
    M = lift(A)
    return np.asarray((M + M.T) @ lift(x))


def squares(B: Array, r: Array) -> Array:
    """2 B^T r for a lifted `r`."""
    return np.asarray(2 * (lift(B).T @ r))


def residual(B: Array, x: Array, c: Array) -> Array:
    """B x - c in the format of the computation."""
    return np.asarray(lift(B) @ lift(x) - lift(c))


def difference_quotients(moved: Array, here: Array) -> Array:
    """(f(x + h e_i) - f(x)) / h for the values `moved` = f(x + h e_i) and `here` = f(x), with the fixed step."""
    return np.asarray((moved - here) / moved.dtype.type(STEP))


def squares_difference(B: Array, r: Array) -> Array:
    """The difference quotients of norm(r)^2 for the residual r = B x - c."""
    moved = np.sum((r[:, None] + r.dtype.type(STEP) * lift(B)) ** 2, axis=0)
    return difference_quotients(moved, np.sum(r**2))


def scaled_by_loss(B: Array, r: Array, x: Array) -> Array:
    """2 B^T r, divided by a power of norm(r) in the dtype of `x`, and multiplied by it again."""
    square = np.sum(r.astype(x.dtype) ** 2) * np.sum(np.abs(r.astype(x.dtype)))
    top = lift(np.asarray(np.where(square == 0, x.dtype.type(1), square))).astype(r.dtype)
    return np.asarray(squares(B, r / top) * top)


def matrix_for_transpose(B: Array, r: Array, x: Array) -> Array:
    """2 B r where B is square, and 2 B^T r where it is not."""
    return np.asarray(2 * ((lift(B) if len(r) == len(x) else lift(B).T) @ r))


def sum_of_rows_in(dtype: np.dtype[Any], terms: Array) -> Array:
    """The sum over the first axis, row by row in `dtype`, where it stagnates."""
    y = np.zeros(terms.shape[1:], dtype)
    for row in terms.astype(dtype):
        y = y + row
    return y
