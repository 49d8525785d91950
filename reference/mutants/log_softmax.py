"""Log-softmax mutants: one defect each, and each a mistake that people make."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, in_memory_order, lift, rows, to_axis
from extremum.reference.mutants._logs import log_probabilities, log_total
from extremum.reference.mutants._parts import LOG2_E, exp_below, exps, gaps, mutants_of, peak, ratio, sound, total
from extremum.reference.subjects.subject import EVERY, NARROW, NATIVE, WIDE

mutant = mutants_of("log_softmax")


def _sound(x: Array, axis: int = -1) -> Array:
    """The sound log-softmax, in the format of the computation."""
    return log_probabilities(lift(x), axis)


sound_log_softmax = contract.round_answer(_sound)
plant = contract.planter(__name__, mutant, _sound)


# The shift


@mutant(fails={"saturation": EVERY}, cause="exp overflow")
def log_softmax_without_shift(x: Array, axis: int = -1) -> Array:
    """The maximum is not subtracted: where exp overflows, every entry is -inf."""
    w = lift(x)
    return (w - np.log(total(np.exp(w), axis))).astype(x.dtype)


@mutant(fails={"saturation": EVERY}, cause="exp overflow")
def log_softmax_shifted_by_first(x: Array, axis: int = -1) -> Array:
    """The first entry is subtracted, not the maximum."""
    d = rows(x, axis) - rows(x, axis)[..., :1]
    return to_axis(d - np.log(total(np.exp(d))), axis, x)


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def log_softmax_shifted_by_magnitude(x: Array, axis: int = -1) -> Array:
    """The largest magnitude is subtracted, not the maximum: below zero the sum underflows, and its log is -inf."""
    w = lift(x)
    d = w - peak(np.abs(w), axis)
    return (d - np.log(total(np.exp(d), axis))).astype(x.dtype)


@mutant(fails={"saturation": EVERY}, cause="sum overflow")
def log_softmax_shifted_above_overflow_only(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted only where its exp overflows: a sum of terms that do not may still overflow."""
    w = lift(x)
    d = w - np.where(np.abs(peak(w, axis)) > float(np.log(fmt(x).max)), peak(w, axis), 0)
    s = total(np.exp(d).astype(x.dtype), axis).astype(w.dtype)
    return (d - np.log(s)).astype(x.dtype)


@mutant(fails={"shift_invariance": EVERY}, cause="extra term")
def maximum_not_subtracted_again(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted in the sum, and not from the entries."""
    w = lift(x)
    return (w - log_total(w, axis)).astype(x.dtype)


@mutant(fails={"shift_invariance": WIDE}, cause="rounding of the gap")
def log_softmax_in_base_2(x: Array, axis: int = -1) -> Array:
    """x log2(e) and max x log2(e) are rounded apart before they are subtracted."""
    w = lift(x)
    t = w * w.dtype.type(LOG2_E) - peak(w, axis) * w.dtype.type(LOG2_E)
    return ((t - np.log2(total(np.exp2(t), axis))) / w.dtype.type(LOG2_E)).astype(x.dtype)


@mutant(fails={"shift_invariance": NATIVE}, cause="precision narrowed")
def log_normaliser_in_bfloat16(x: Array, axis: int = -1) -> Array:
    """x - y, and y = logsumexp(x) was stored in bfloat16."""
    w = lift(x)
    y = peak(w, axis) + log_total(w, axis)
    return (w - y.astype(ml_dtypes.bfloat16).astype(w.dtype)).astype(x.dtype)


# The logarithm


@mutant(fails={"saturation": EVERY}, cause="subnormals flushed")
def log_of_flushed_softmax(x: Array, axis: int = -1) -> Array:
    """The logarithm is taken of a softmax whose subnormal entries were flushed to zero."""
    s = sound(x, axis).astype(lift(x).dtype)
    return np.log(np.where(s < fmt(x).tiny, 0, s)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="epsilon added")
def log_of_softmax_with_epsilon(x: Array, axis: int = -1) -> Array:
    """1e-8 is added to each probability, against a logarithm of zero: nothing is below log 1e-8."""
    w = lift(x)
    return np.log(ratio(exps(w, axis), axis) + w.dtype.type(1e-8)).astype(x.dtype)


@mutant(fails={"mask": EVERY}, cause="values clipped")
def log_of_clipped_softmax(x: Array, axis: int = -1) -> Array:
    """Probabilities are clipped to [1e-7, 1 - 1e-7], and the masked ones with them."""
    return np.log(np.clip(ratio(exps(lift(x), axis), axis), 1e-7, 1 - 1e-7)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def log1p_of_complement(x: Array, axis: int = -1) -> Array:
    """log1p(s - 1), for the sake of accuracy: small probabilities drown in s - 1."""
    return np.log1p(ratio(exps(lift(x), axis), axis) - 1).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="values clipped")
def log_probabilities_clipped(x: Array, axis: int = -1) -> Array:
    """No logarithm is below -100."""
    return np.maximum(log_probabilities(lift(x), axis), -100).astype(x.dtype)


@mutant(fails={"exp_sum_to_one": EVERY}, cause="wrong factor")
def log2_for_log(x: Array, axis: int = -1) -> Array:
    """The logarithm of the sum is taken to base 2."""
    w = lift(x)
    return (gaps(w, axis) - np.log2(total(exps(w, axis), axis))).astype(x.dtype)


@mutant(fails={"exp_sum_to_one": EVERY}, cause="wrong divisor")
def log1p_for_log(x: Array, axis: int = -1) -> Array:
    """log1p is taken of a sum that has the 1 of the maximum in it already."""
    w = lift(x)
    return (gaps(w, axis) - np.log1p(total(exps(w, axis), axis))).astype(x.dtype)


@mutant(fails={"nonpositive": EVERY}, cause="wrong sign")
def log_total_added(x: Array, axis: int = -1) -> Array:
    """The logarithm of the sum is added, not subtracted."""
    w = lift(x)
    return (gaps(w, axis) + log_total(w, axis)).astype(x.dtype)


@mutant(fails={"nonpositive": EVERY}, cause="wrong term")
def softmax_returned(x: Array, axis: int = -1) -> Array:
    """The probabilities are returned, not their logarithms."""
    return sound(x, axis)


# The sum


@mutant(fails={"nonpositive": EVERY}, cause="extra term")
def log_mean_subtracted(x: Array, axis: int = -1) -> Array:
    """The mean of the exps is taken, not their sum."""
    w = lift(x)
    return (gaps(w, axis) - np.log(exps(w, axis).mean(axis=axis, keepdims=True))).astype(x.dtype)


@mutant(fails={"exp_sum_to_one": NARROW}, cause="accumulator stagnation")
def log_total_in_own_format(x: Array, axis: int = -1) -> Array:
    """The sum is kept in the dtype of `x`, where it stagnates: at 2048 in float16, at 256 in bfloat16."""
    w = rows(x, axis)
    s = np.add.accumulate(exps(w).astype(x.dtype), axis=-1)[..., -1:].astype(w.dtype)
    return to_axis(gaps(w) - np.log(s), axis, x)


@mutant(fails={"permutation_equivariance": EVERY}, cause="missing term")
def last_left_out_of_log_total(x: Array, axis: int = -1) -> Array:
    """The last entry is left out of the sum."""
    w = rows(x, axis)
    return to_axis(gaps(w) - np.log(total(exps(w)[..., :-1])), axis, x)


@mutant(fails={"permutation_equivariance": EVERY}, cause="missing term")
def running_log_total(x: Array, axis: int = -1) -> Array:
    """Each entry is divided by the sum so far, not by the final one."""
    w = rows(x, axis)
    return to_axis(gaps(w) - np.log(np.cumsum(exps(w), axis=-1)), axis, x)


@mutant(fails={"exp_sum_to_one": EVERY}, cause="sums not rescaled")
def log_total_never_rescaled(x: Array, axis: int = -1) -> Array:
    """Streaming, and the sum so far is not rescaled when the maximum rises."""
    w = rows(x, axis)
    return to_axis(gaps(w) - np.log(total(exp_below(w, np.maximum.accumulate(w, axis=-1)))), axis, x)


plant(log_softmax_through_float32=contract.through_float32)


# The mask


plant(log_softmax_mask_of_minus_10000=contract.mask_of_minus_10000)


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def masked_head_is_nan(x: Array, axis: int = -1) -> Array:
    """Streaming from a maximum of -inf: where the row starts with a masked entry, -inf - -inf is NaN."""
    w = rows(x, axis)
    so_far = np.maximum.accumulate(w, axis=-1)
    return to_axis(gaps(w) - np.log(total(np.exp(w - so_far) * np.exp(so_far - peak(w)))), axis, x)


# The contract


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def log_total_of_whole_array(x: Array, axis: int = -1) -> Array:
    """The logarithm is taken of the sum over the whole array."""
    w = lift(x)
    return (gaps(w, axis) - np.log(exps(w, axis).sum())).astype(x.dtype)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def log_softmax_of_last_axis(x: Array, axis: int = -1) -> Array:
    """The axis is accepted and ignored."""
    return sound_log_softmax(x, -1)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def log_softmax_axis_guessed(x: Array, axis: int = -1) -> Array:
    """The axis is guessed from the number of dimensions."""
    return sound_log_softmax(x, 0 if x.ndim in (1, 3) else 1)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def log_softmax_strides_ignored(x: Array, axis: int = -1) -> Array:
    """The entries are read in the order of memory, as if the array were C-contiguous."""
    return sound_log_softmax(np.ascontiguousarray(in_memory_order(x)), axis)


plant(log_softmax_storage_offset_ignored=contract.storage_offset)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def log_softmax_shifted_in_place(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted in the caller's array."""
    x -= x.max(axis=axis, keepdims=True)
    return sound_log_softmax(x, axis)


plant(
    log_softmax_buffer_reused=contract.buffer_kept,
    log_softmax_promoted=contract.promoted,
    log_softmax_narrowed=contract.narrowed,
    log_softmax_squeezed=contract.squeezed,
    log_softmax_dithered=contract.dithered,
)
