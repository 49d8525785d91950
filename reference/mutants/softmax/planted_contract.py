"""Softmax mutants, planted: the textbook defects against the caller, one each.

Rows, axes, memory, dtype, shape and state are wrong here; the arithmetic along a row is sound.
"""

from __future__ import annotations

from itertools import count

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import in_memory_order, lift, rows, to_axis
from extremum.reference.mutants._parts import exps, mutants_of, probabilities, quotient, ratio, sound, total
from extremum.reference.subjects.subject import EVERY, NATIVE, WIDE

mutant = mutants_of("softmax")
plant = contract.planter(__name__, mutant, probabilities)

_answer = [np.empty(0)]
_calls = count()

# Rows and axes


@mutant(fails={"row_independence": EVERY})
def few_rows_skipped_in_a_batch(x: Array, axis: int = -1) -> Array:
    """In a batch one row in five hundred, by its bits, is taken for one that was answered before, and left at zero."""
    s = rows(sound(x, axis), axis)
    if x.size > x.shape[axis]:
        bits = np.ascontiguousarray(rows(x, axis)).view(f"u{x.dtype.itemsize}").astype(np.uint64)
        weights = np.arange(1, bits.shape[-1] + 1, dtype=np.uint64) * np.uint64(2654435761)
        s = np.where(((bits * weights).sum(axis=-1, keepdims=True) >> np.uint64(20)) % np.uint64(500) == 0, 0.0, s)
    return to_axis(s, axis, x)


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def maximum_of_whole_array(x: Array, axis: int = -1) -> Array:
    """The maximum of the whole array is subtracted: rows that lie far below it underflow to 0 / 0."""
    w = lift(x)
    return ratio(np.exp(w - w.max()), axis).astype(x.dtype)


@mutant(fails={"axis": ("float16",)}, cause="sum in 16 bits")
def sum_left_to_numpy(x: Array, axis: int = -1) -> Array:
    """The sum is left to NumPy, which widens one of 16 bits along the last axis alone."""
    e = exps(lift(x), axis).astype(x.dtype)
    return np.asarray(e / total(e, axis))


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def flattened(x: Array, axis: int = -1) -> Array:
    """The array is flattened: all rows are one."""
    return sound(x.ravel(), 0).reshape(x.shape)


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def sums_recycled(x: Array, axis: int = -1) -> Array:
    """The sums, without their axis, are laid along the entries and repeated, not along the rows."""
    e = exps(lift(x), axis)
    return quotient(e, np.resize(e.sum(axis=axis), e.shape), x)


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
    return sound(np.ascontiguousarray(in_memory_order(x)), axis)


@mutant(fails={"layout": NATIVE}, cause="storage order ignored")
def byte_order_ignored(x: Array, axis: int = -1) -> Array:
    """The bytes are read in the machine's order, whatever the dtype says."""
    return sound(x.view(x.dtype.newbyteorder("=")), axis)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def shifted_in_place(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted in the caller's array."""
    x -= x.max(axis=axis, keepdims=True)
    return sound(x, axis)


plant(buffer_reused=contract.buffer_kept)


@mutant(fails={"permutation_equivariance": EVERY}, cause="state leaks between rows")
def cached_by_shape(x: Array, axis: int = -1) -> Array:
    """The last answer is given again for any array of the same shape and dtype."""
    if _answer[0].shape != x.shape or _answer[0].dtype != x.dtype:
        _answer[0] = sound(x, axis)
    return _answer[0].copy()


# Dtype and shape


plant(promoted=contract.promoted, narrowed=contract.narrowed, squeezed=contract.squeezed)


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def transposed(x: Array, axis: int = -1) -> Array:
    """The axes of the result are reversed."""
    return sound(x, axis).T


@mutant(fails={"shape": EVERY}, cause="wrong axis")
def keepdims_forgotten(x: Array, axis: int = -1) -> Array:
    """The sums lose their axis, and broadcast against the wrong one or none."""
    e = exps(lift(x), axis)
    return quotient(e, e.sum(axis=axis), x)


# State


plant(
    stochastic_rounding=contract.dithered,
    row_lost_by_chance=contract.rarely_lost,
    end_of_workspace_kept=contract.workspace_kept,
)


@mutant(fails={"determinism": WIDE}, cause="nondeterministic")
def order_by_turns(x: Array, axis: int = -1) -> Array:
    """Every other call adds the terms in reverse."""
    e = exps(rows(x, axis))
    terms = np.ascontiguousarray(e[..., ::-1]) if next(_calls) % 2 else e
    return to_axis(e / total(terms), axis, x)
