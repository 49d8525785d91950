"""Formats, memory and sums of the arrays that mutants compute with."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array, Format, format_of

_scheduler = np.random.default_rng()


def lift(x: Array) -> Array:
    """`x` in the format of the computation: float32 at least."""
    return x.astype(np.promote_types(x.dtype, np.float32))


def fmt(x: Array) -> Format:
    """The format of `x`, whatever its byte order; of integers, that of the computation."""
    dtype = lift(x).dtype if x.dtype.kind in "iub" else x.dtype
    return format_of(dtype.newbyteorder("=").name)


def round_like(value: Array, x: Array) -> Array:
    """`value` rounded to the dtype of `x`."""
    return np.asarray(value).astype(x.dtype)


def rows(x: Array, axis: int) -> Array:
    """`x` lifted, its rows along the last axis."""
    return np.moveaxis(lift(x), axis, -1)


def to_axis(rows_: Array, axis: int, x: Array) -> Array:
    """The inverse of `rows`: along `axis` again, and rounded to the dtype of `x`."""
    return np.moveaxis(rows_, -1, axis).astype(x.dtype)


def flush(y: Array) -> Array:
    """`y` with what is below the smallest normal made zero."""
    return np.where(np.abs(y) < fmt(y).tiny, np.zeros((), y.dtype), y)


def sums_in(dtype: np.dtype[Any], e: Array) -> Array:
    """The sum of each row, term by term in `dtype`, where it may stagnate."""
    return np.add.accumulate(e.astype(dtype), axis=-1)[..., -1:].astype(e.dtype)


def in_any_order(terms: Array) -> Array:
    """The sum over the first axis, in another order at every call, as atomic additions are."""
    return np.asarray(np.add.accumulate(_scheduler.permutation(terms))[-1])


def in_memory_order(x: Array) -> Array:
    """The entries of `x` in the order of memory, as if the array were C-contiguous."""
    x = x[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in x.strides)]
    return x.T.reshape(x.shape) if x.flags.f_contiguous and not x.flags.c_contiguous else x


def from_start_of_storage(x: Array) -> Array:
    """As many entries as `x` has, from the start of the storage that it is a view of."""
    host = x.base if isinstance(x.base, np.ndarray) and x.base.dtype == x.dtype else x
    return np.resize(host, x.shape)
