"""Logsumexp mutants: one defect each, and each a mistake that people make."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, rows, sums_in
from extremum.reference.mutants._logs import drop_axis, finite_peak, log_sum
from extremum.reference.mutants._parts import exp_below, mutants_of, peak, total
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("logsumexp")


def _sound(x: Array, axis: int = -1) -> Array:
    """The sound logsumexp, in the format of the computation."""
    return np.squeeze(log_sum(lift(x), axis), axis)


sound_logsumexp = contract.round_answer(_sound)
plant = contract.planter(__name__, mutant, _sound)


# The shift


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def logsumexp_without_shift(x: Array, axis: int = -1) -> Array:
    """The maximum is not subtracted."""
    return drop_axis(np.log(total(np.exp(lift(x)), axis)), axis, x)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def logsumexp_shifted_by_mean(x: Array, axis: int = -1) -> Array:
    """The mean is subtracted and added back, not the maximum."""
    w = lift(x)
    a = w.mean(axis=axis, keepdims=True)
    return drop_axis(a + np.log(total(np.exp(w - a), axis)), axis, x)


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def logsumexp_shifted_by_magnitude(x: Array, axis: int = -1) -> Array:
    """The largest magnitude is subtracted and added back: below zero the sum underflows, and its log is -inf."""
    w = lift(x)
    a = peak(np.abs(w), axis)
    return drop_axis(a + np.log(total(np.exp(w - a), axis)), axis, x)


@mutant(fails={"finite": EVERY}, cause="sum overflow")
def logsumexp_shifted_above_overflow_only(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted only where its exp overflows: a sum of terms that do not may still overflow."""
    w = lift(x)
    a = np.where(np.abs(peak(w, axis)) > float(np.log(fmt(x).max)), finite_peak(w, axis), 0)
    s = total(np.exp(w - a).astype(x.dtype), axis).astype(w.dtype)
    return drop_axis(a + np.log(s), axis, x)


@mutant(fails={"shift_equivariance": EVERY}, cause="missing term")
def maximum_not_added_back(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted, and not added back."""
    w = lift(x)
    return drop_axis(np.log(total(np.exp(w - finite_peak(w, axis)), axis)), axis, x)


@mutant(fails={"shift_equivariance": EVERY}, cause="wrong factor")
def maximum_added_twice(x: Array, axis: int = -1) -> Array:
    """The maximum is added back to a sum that was not shifted in the first place."""
    w = lift(x)
    return drop_axis(peak(w, axis) + log_sum(w, axis), axis, x)


# The logarithm


@mutant(fails={"between": EVERY}, cause="wrong factor")
def logsumexp_in_bits(x: Array, axis: int = -1) -> Array:
    """The logarithm of the sum is taken to base 2."""
    w = lift(x)
    return drop_axis(peak(w, axis) + np.log2(total(np.exp(w - finite_peak(w, axis)), axis)), axis, x)


@mutant(fails={"between": EVERY})
def log1p_of_whole_sum(x: Array, axis: int = -1) -> Array:
    """log1p is taken of a sum that has the 1 of the maximum in it already."""
    w = lift(x)
    return drop_axis(peak(w, axis) + np.log1p(total(np.exp(w - finite_peak(w, axis)), axis)), axis, x)


@mutant(fails={"between": EVERY}, cause="wrong sign")
def log_total_subtracted(x: Array, axis: int = -1) -> Array:
    """The logarithm of the sum is subtracted from the maximum, not added to it."""
    w = lift(x)
    return drop_axis(peak(w, axis) - np.log(total(np.exp(w - finite_peak(w, axis)), axis)), axis, x)


@mutant(fails={"one_element": EVERY})
def epsilon_under_the_logarithm(x: Array, axis: int = -1) -> Array:
    """1e-6 is added to the sum, against a logarithm of zero."""
    w = lift(x)
    s = total(np.exp(w - finite_peak(w, axis)), axis)
    return drop_axis(peak(w, axis) + np.log(s + w.dtype.type(1e-6)), axis, x)


# The sum


@mutant(fails={"between": EVERY}, cause="extra term")
def logmeanexp(x: Array, axis: int = -1) -> Array:
    """The mean of the exps is taken, not their sum."""
    w = lift(x)
    return drop_axis(log_sum(w, axis) - np.log(w.dtype.type(x.shape[axis])), axis, x)


@mutant(fails={"one_element": EVERY})
def folded_from_zero(x: Array, axis: int = -1) -> Array:
    """The fold starts at 0, which is the logarithm of 1, not at -inf."""
    w = lift(x)
    return drop_axis(np.logaddexp(log_sum(w, axis), 0), axis, x)


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def folded_by_logaddexp(x: Array, axis: int = -1) -> Array:
    """The logarithm is the accumulator, in the dtype of `x`: each entry is rounded into it, at a cost of abs(y) u."""
    w = rows(x, axis)
    y = w[..., 0]
    for j in range(1, w.shape[-1]):
        y = np.logaddexp(y, w[..., j]).astype(x.dtype).astype(w.dtype)
    return y.astype(x.dtype)


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def logsumexp_in_own_format(x: Array, axis: int = -1) -> Array:
    """The sum is kept in the dtype of `x`, where it stagnates: at 2048 in float16, at 256 in bfloat16."""
    w = rows(x, axis)
    e = np.exp(w - finite_peak(w))
    return drop_axis(peak(w) + np.log(sums_in(x.dtype, e)), -1, x)


@mutant(fails={"accuracy": EVERY}, cause="missing term")
def hard_maximum(x: Array, axis: int = -1) -> Array:
    """The maximum is returned: the smooth one is close enough."""
    return drop_axis(peak(x, axis), axis, x)


@mutant(fails={"permutation_invariance": EVERY}, cause="missing term")
def last_left_out_of_logsumexp(x: Array, axis: int = -1) -> Array:
    """The last entry is left out of the sum."""
    w = rows(x, axis)
    return drop_axis(peak(w) + np.log(total(np.exp(w - finite_peak(w))[..., :-1])), -1, x)


@mutant(fails={"permutation_invariance": EVERY}, cause="sums not rescaled")
def logsumexp_never_rescaled(x: Array, axis: int = -1) -> Array:
    """Streaming, and the sum so far is not rescaled when the maximum rises."""
    w = rows(x, axis)
    return drop_axis(peak(w) + np.log(total(exp_below(w, np.maximum.accumulate(w, axis=-1)))), -1, x)


# The format


plant(logsumexp_through_float32=contract.through_float32)


@mutant(fails={"accuracy": WIDE}, cause="precision narrowed")
def exps_in_bfloat16(x: Array, axis: int = -1) -> Array:
    """The exps are rounded to bfloat16 before they are added."""
    w = lift(x)
    e = np.exp(w - finite_peak(w, axis)).astype(ml_dtypes.bfloat16).astype(w.dtype)
    return drop_axis(peak(w, axis) + np.log(total(e, axis)), axis, x)


@mutant(fails={"one_element": EVERY}, cause="subnormals flushed")
def subnormal_logits_flushed(x: Array, axis: int = -1) -> Array:
    """Subnormal logits are read as zero."""
    w = lift(x)
    return drop_axis(log_sum(np.where(np.abs(w) < fmt(x).tiny, 0, w), axis), axis, x)


# The infinities and the mask


@mutant(fails={"infinities": EVERY}, cause="nan from a mask")
def all_masked_is_nan(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted where it is infinite, too: inf - inf is NaN."""
    w = lift(x)
    return drop_axis(peak(w, axis) + np.log(total(np.exp(w - peak(w, axis)), axis)), axis, x)


@mutant(fails={"infinities": EVERY}, cause="masked value leaks")
def all_masked_is_lowest(x: Array, axis: int = -1) -> Array:
    """A row that is masked throughout gets the lowest finite value, from which the maximum was searched."""
    return drop_axis(np.maximum(log_sum(lift(x), axis), -fmt(x).max), axis, x)


plant(logsumexp_mask_of_minus_10000=contract.mask_of_minus_10000)


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def masked_entries_counted(x: Array, axis: int = -1) -> Array:
    """The mask is multiplied into the shifted exponents, so that a masked entry counts as the maximum does."""
    w = lift(x)
    d = np.where(np.isneginf(w), 0, w - finite_peak(w, axis))
    return drop_axis(peak(w, axis) + np.log(total(np.exp(d), axis)), axis, x)


# The contract


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def shifted_by_maximum_of_all_rows(x: Array, axis: int = -1) -> Array:
    """The maximum of the whole array is subtracted: rows that lie far below it are -inf."""
    w = lift(x)
    a = np.where(np.isfinite(w.max()), w.max(), 0)
    return drop_axis(a + np.log(total(np.exp(w - a), axis)), axis, x)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def logsumexp_negative_axis_is_last(x: Array, axis: int = -1) -> Array:
    """Any negative axis is taken for the last one."""
    return sound_logsumexp(x, max(axis, -1))


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def logsumexp_of_first_axis(x: Array, axis: int = -1) -> Array:
    """The rows are taken along the first axis, whatever `axis` says."""
    return sound_logsumexp(x, 0)


plant(logsumexp_strides_ignored=contract.memory_order, logsumexp_storage_offset_ignored=contract.storage_offset)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def logsumexp_shifted_in_place(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted in the caller's array."""
    top = x.max(axis=axis)
    x -= np.expand_dims(top, axis)
    return (top + sound_logsumexp(x, axis)).astype(x.dtype)


plant(
    logsumexp_buffer_reused=contract.buffer_kept,
    logsumexp_promoted=contract.promoted,
    logsumexp_narrowed=contract.narrowed,
)


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def logsumexp_keepdims_left_on(x: Array, axis: int = -1) -> Array:
    """The axis is kept, at length one."""
    return log_sum(lift(x), axis).astype(x.dtype)


plant(logsumexp_squeezed=contract.squeezed, logsumexp_dithered=contract.dithered)
