"""Softmax mutants, planted: the textbook defects against the caller, one each.

Rows, axes, memory, dtype, shape and state are wrong here; the arithmetic along a row is sound.
"""

from __future__ import annotations

from itertools import count

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._parts import back, exps, fmt, lift, mutants_of, over, ratio, rows, sound, total
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("softmax")

_buffer = [np.empty(0)]
_answer = [np.empty(0)]
_calls = count()
_noise = np.random.default_rng()

# Rows and axes


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def maximum_of_whole_array(x: Array, axis: int = -1) -> Array:
    """The maximum of the whole array is subtracted: rows that lie far below it underflow to 0 / 0."""
    w = lift(x)
    return ratio(np.exp(w - w.max()), axis).astype(x.dtype)


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def flattened(x: Array, axis: int = -1) -> Array:
    """The array is flattened: all rows are one."""
    return sound(x.ravel(), 0).reshape(x.shape)


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def sums_recycled(x: Array, axis: int = -1) -> Array:
    """The sums, without their axis, are laid along the entries and repeated, not along the rows."""
    e = exps(lift(x), axis)
    return over(e, np.resize(e.sum(axis=axis), e.shape), x)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def first_axis_always(x: Array, axis: int = -1) -> Array:
    """The rows are taken along the first axis, whatever `axis` says."""
    return sound(x, 0)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def negative_axis_is_last(x: Array, axis: int = -1) -> Array:
    """Any negative axis is taken for the last one."""
    return sound(x, max(axis, -1))


# Memory


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def strides_ignored(x: Array, axis: int = -1) -> Array:
    """The entries are read in the order of memory, as if the array were C-contiguous."""
    upwards = x[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in x.strides)]
    return sound(upwards.ravel(order="K").reshape(x.shape), axis)


@mutant(fails={"layout": ("float64", "float32", "float16")}, cause="storage order ignored")
def byte_order_ignored(x: Array, axis: int = -1) -> Array:
    """The bytes are read in the machine's order, whatever the dtype says."""
    return sound(x.view(x.dtype.newbyteorder("=")), axis)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def shifted_in_place(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted in the caller's array."""
    x -= x.max(axis=axis, keepdims=True)
    return sound(x, axis)


@mutant(fails={"purity": EVERY}, cause="state leaks between rows")
def buffer_reused(x: Array, axis: int = -1) -> Array:
    """The result is written into a buffer that is kept, and returned again for the next array of its shape."""
    if _buffer[0].shape != x.shape or _buffer[0].dtype != x.dtype:
        _buffer[0] = np.empty(x.shape, x.dtype)
    _buffer[0][...] = sound(x, axis)
    return _buffer[0]


@mutant(fails={"permutation_equivariance": EVERY}, cause="state leaks between rows")
def cached_by_shape(x: Array, axis: int = -1) -> Array:
    """The last answer is given again for any array of the same shape and dtype."""
    if _answer[0].shape != x.shape or _answer[0].dtype != x.dtype:
        _answer[0] = sound(x, axis)
    return _answer[0].copy()


# Dtype and shape


@mutant(fails={"dtype": NARROW})
def promoted(x: Array, axis: int = -1) -> Array:
    """The result stays in the format of the computation."""
    return ratio(exps(lift(x), axis), axis)


@mutant(fails={"dtype": ("float64",)}, cause="precision narrowed")
def narrowed(x: Array, axis: int = -1) -> Array:
    """The result of float64 is returned as float32."""
    return sound(x, axis).astype(np.float32 if x.dtype.itemsize == 8 else x.dtype)


@mutant(fails={"shape": EVERY})
def squeezed(x: Array, axis: int = -1) -> Array:
    """Axes of length one are dropped."""
    return sound(x, axis).squeeze()


@mutant(fails={"shape": EVERY})
def transposed(x: Array, axis: int = -1) -> Array:
    """The axes of the result are reversed."""
    return sound(x, axis).T


@mutant(fails={"shape": EVERY}, cause="wrong axis")
def keepdims_forgotten(x: Array, axis: int = -1) -> Array:
    """The sums lose their axis, and broadcast against the wrong one or none."""
    e = exps(lift(x), axis)
    return over(e, e.sum(axis=axis), x)


# State


@mutant(fails={"determinism": EVERY})
def stochastic_rounding(x: Array, axis: int = -1) -> Array:
    """The result is dithered by up to a unit roundoff before it is rounded."""
    s = ratio(exps(lift(x), axis), axis)
    dithered: Array = s * (1 - fmt(x).unit_roundoff * _noise.random(s.shape))
    return dithered.astype(x.dtype)


@mutant(fails={"determinism": WIDE})
def order_by_turns(x: Array, axis: int = -1) -> Array:
    """Every other call adds the terms in reverse."""
    e = exps(rows(x, axis))
    terms = np.ascontiguousarray(e[..., ::-1]) if next(_calls) % 2 else e
    return back(e / total(terms), axis, x)
