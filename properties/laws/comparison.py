"""Comparing two answers to inputs that have the same exact answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.values.case import DISTINCT
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import where

JUDGED = 64  # rows, of those that two answers differ in: the first and the last ones


def distinct(arguments: Arguments) -> tuple[Array, Array]:
    """The numbers of the first of each kind of rows, and for each row which of these is as it, bit for bit."""
    count = len(first(arguments))
    if count <= JUDGED:
        return np.arange(count), np.arange(count)
    bits = np.concatenate([_bytes_of_rows(a) for a in arguments.values()], axis=1)
    if (bits[DISTINCT:] == bits[:-DISTINCT]).all():
        return np.arange(DISTINCT), np.arange(count) % DISTINCT
    kinds = np.ascontiguousarray(bits).view(np.dtype((np.void, bits.shape[1])))[:, 0]
    _, firsts, which = np.unique(kinds, return_index=True, return_inverse=True)
    return firsts, which.reshape(-1)


def differing_rows(arguments: Arguments, out: Array, other: Array) -> Observation:
    """Two answers to many rows, as an observation of those that differ, or of the first where none does."""
    if len(out) <= JUDGED:
        return Observation(arguments, out, other)
    places = np.flatnonzero((_bytes_of_rows(out) != _bytes_of_rows(other)).any(axis=1))
    places = np.unique(np.r_[0, places[: JUDGED // 2], places[-JUDGED // 2 :]])
    kept = {name: a[places] for name, a in arguments.items()}
    return Observation(kept, out[places], other[places], places=places)


def differing_bits(out: Array, other: Array) -> Array:
    """How many entries of each row differ in their bits between two answers of one shape and dtype, shape (rows,)."""
    return (_bytes_of_rows(out) != _bytes_of_rows(other)).reshape(*out.shape, -1).any(axis=-1).sum(axis=-1)


def _bytes_of_rows(a: Array) -> Array:
    return np.ascontiguousarray(a).reshape(len(a), -1).view(np.uint8)


def compare(view: View) -> Measured:
    """Measured: the difference of `out` and `other`. Allowed: twice what one sound answer may be off.

    By the triangle inequality two answers that are each within the error bound of the same exact value are
    within twice the error bound of each other. Both NaN, or the same infinity, is no difference: `finite`
    judges it. A flush to zero in one of the two is none either.
    """
    error = where(_flushed_answers(view), 0.0, view.error(abs(view.out - view.other)))
    return error, view.error_bound + view.error_bound


def _flushed_answers(view: View) -> Any:
    out, other = view.observation.out, view.observation.other
    assert out is not None
    assert other is not None
    zero = np.asarray((out == 0) | (other == 0))[:, view.columns] & ~view.wrong_nonfinite
    if zero.any():  # what was not flushed is as small
        larger = np.maximum(np.abs(out.astype(np.float64)), np.abs(other.astype(np.float64)))[:, view.columns]
        zero &= larger < 2 * view.fmt.tiny
    return zero & (np.abs(view.narrow(view.exact)) < view.fmt.tiny) if zero.any() else zero
