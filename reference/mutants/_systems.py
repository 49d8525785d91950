"""The sound gradients of quadratics in pieces: each mutant is made of these, with one of them wrong."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._parts import fmt, lift

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


def flush(y: Array) -> Array:
    """`y` with what is below the smallest normal made zero."""
    return np.where(np.abs(y) < fmt(y).tiny, np.zeros((), y.dtype), y)


def in_memory_order(a: Array) -> Array:
    """The entries in the order in which they lie in memory, whatever the strides say."""
    for axis, stride in enumerate(a.strides):
        if stride < 0:
            a = np.flip(a, axis)
    return a.T.reshape(a.shape) if a.ndim > 1 and a.flags.f_contiguous and not a.flags.c_contiguous else a
