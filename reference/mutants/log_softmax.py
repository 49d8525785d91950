"""Log-softmax mutants: one defect each, and each a mistake that people make."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._logs import (
    LOG2_E,
    from_start_of_storage,
    in_memory_order,
    log_probabilities,
    log_total,
    sound_log_softmax,
)
from extremum.reference.mutants._parts import (
    back,
    exp_below,
    exps,
    fmt,
    lift,
    mutants_of,
    peak,
    ratio,
    rows,
    sound,
    total,
)
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("log_softmax")

_buffer = [np.empty(0)]
_noise = np.random.default_rng()

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
    return back(d - np.log(total(np.exp(d))), axis, x)


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


@mutant(fails={"shift_invariance": EVERY})
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


@mutant(fails={"shift_invariance": ("float64", "float32", "float16")}, cause="precision narrowed")
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


@mutant(fails={"accuracy": EVERY})
def log_of_softmax_with_epsilon(x: Array, axis: int = -1) -> Array:
    """1e-8 is added to each probability, against a logarithm of zero: nothing is below log 1e-8."""
    w = lift(x)
    return np.log(ratio(exps(w, axis), axis) + w.dtype.type(1e-8)).astype(x.dtype)


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def log_of_clipped_softmax(x: Array, axis: int = -1) -> Array:
    """Probabilities are clipped to [1e-7, 1 - 1e-7], and the masked ones with them."""
    return np.log(np.clip(ratio(exps(lift(x), axis), axis), 1e-7, 1 - 1e-7)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def log1p_of_complement(x: Array, axis: int = -1) -> Array:
    """log1p(s - 1), for the sake of accuracy: small probabilities drown in s - 1."""
    return np.log1p(ratio(exps(lift(x), axis), axis) - 1).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def log_probabilities_clipped(x: Array, axis: int = -1) -> Array:
    """No logarithm is below -100."""
    return np.maximum(log_probabilities(lift(x), axis), -100).astype(x.dtype)


@mutant(fails={"exp_sum_to_one": EVERY})
def log2_for_log(x: Array, axis: int = -1) -> Array:
    """The logarithm of the sum is taken to base 2."""
    w = lift(x)
    return (w - peak(w, axis) - np.log2(total(exps(w, axis), axis))).astype(x.dtype)


@mutant(fails={"exp_sum_to_one": EVERY})
def log1p_for_log(x: Array, axis: int = -1) -> Array:
    """log1p is taken of a sum that has the 1 of the maximum in it already."""
    w = lift(x)
    return (w - peak(w, axis) - np.log1p(total(exps(w, axis), axis))).astype(x.dtype)


@mutant(fails={"nonpositive": EVERY})
def log_total_added(x: Array, axis: int = -1) -> Array:
    """The logarithm of the sum is added, not subtracted."""
    w = lift(x)
    return (w - peak(w, axis) + log_total(w, axis)).astype(x.dtype)


@mutant(fails={"nonpositive": EVERY})
def softmax_returned(x: Array, axis: int = -1) -> Array:
    """The probabilities are returned, not their logarithms."""
    return sound(x, axis)


# The sum


@mutant(fails={"nonpositive": EVERY})
def log_mean_subtracted(x: Array, axis: int = -1) -> Array:
    """The mean of the exps is taken, not their sum."""
    w = lift(x)
    return (w - peak(w, axis) - np.log(exps(w, axis).mean(axis=axis, keepdims=True))).astype(x.dtype)


@mutant(fails={"exp_sum_to_one": NARROW}, cause="accumulator stagnation")
def log_total_in_own_format(x: Array, axis: int = -1) -> Array:
    """The sum is kept in the dtype of `x`, where it stagnates: at 2048 in float16, at 256 in bfloat16."""
    w = rows(x, axis)
    s = np.add.accumulate(exps(w).astype(x.dtype), axis=-1)[..., -1:].astype(w.dtype)
    return back(w - peak(w) - np.log(s), axis, x)


@mutant(fails={"permutation_equivariance": EVERY})
def last_left_out_of_log_total(x: Array, axis: int = -1) -> Array:
    """The last entry is left out of the sum."""
    w = rows(x, axis)
    return back(w - peak(w) - np.log(total(exps(w)[..., :-1])), axis, x)


@mutant(fails={"permutation_equivariance": EVERY})
def running_log_total(x: Array, axis: int = -1) -> Array:
    """Each entry is divided by the sum so far, not by the final one."""
    w = rows(x, axis)
    return back(w - peak(w) - np.log(np.cumsum(exps(w), axis=-1)), axis, x)


@mutant(fails={"exp_sum_to_one": EVERY})
def log_total_never_rescaled(x: Array, axis: int = -1) -> Array:
    """Streaming, and the sum so far is not rescaled when the maximum rises."""
    w = rows(x, axis)
    return back(w - peak(w) - np.log(total(exp_below(w, np.maximum.accumulate(w, axis=-1)))), axis, x)


@mutant(fails={"accuracy": ("float64",)}, cause="precision narrowed")
def log_softmax_through_float32(x: Array, axis: int = -1) -> Array:
    """The computation is in float32, even for float64."""
    return log_probabilities(x.astype(np.float32), axis).astype(x.dtype)


# The mask


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def log_softmax_mask_of_minus_10000(x: Array, axis: int = -1) -> Array:
    """-inf is replaced by -10000."""
    w = lift(x)
    return log_probabilities(np.where(np.isneginf(w), w.dtype.type(-1e4), w), axis).astype(x.dtype)


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def masked_head_is_nan(x: Array, axis: int = -1) -> Array:
    """Streaming from a maximum of -inf: where the row starts with a masked entry, -inf - -inf is NaN."""
    w = rows(x, axis)
    so_far = np.maximum.accumulate(w, axis=-1)
    return back(w - peak(w) - np.log(total(np.exp(w - so_far) * np.exp(so_far - peak(w)))), axis, x)


# The contract


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def log_total_of_whole_array(x: Array, axis: int = -1) -> Array:
    """The logarithm is taken of the sum over the whole array."""
    w = lift(x)
    return (w - peak(w, axis) - np.log(exps(w, axis).sum())).astype(x.dtype)


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
    return sound_log_softmax(in_memory_order(x), axis)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def log_softmax_storage_offset_ignored(x: Array, axis: int = -1) -> Array:
    """A view is read from the start of its storage."""
    return sound_log_softmax(from_start_of_storage(x), axis)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def log_softmax_shifted_in_place(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted in the caller's array."""
    x -= x.max(axis=axis, keepdims=True)
    return sound_log_softmax(x, axis)


@mutant(fails={"purity": EVERY}, cause="state leaks between rows")
def log_softmax_buffer_reused(x: Array, axis: int = -1) -> Array:
    """The result is written into a buffer that is kept, and returned again for the next array of its shape."""
    if _buffer[0].shape != x.shape or _buffer[0].dtype != x.dtype:
        _buffer[0] = np.empty(x.shape, x.dtype)
    _buffer[0][...] = sound_log_softmax(x, axis)
    return _buffer[0]


@mutant(fails={"dtype": NARROW})
def log_softmax_promoted(x: Array, axis: int = -1) -> Array:
    """The result stays in the format of the computation."""
    return log_probabilities(lift(x), axis)


@mutant(fails={"dtype": ("float64",)}, cause="precision narrowed")
def log_softmax_narrowed(x: Array, axis: int = -1) -> Array:
    """The result of float64 is returned as float32."""
    return sound_log_softmax(x, axis).astype(np.float32 if x.dtype.itemsize == 8 else x.dtype)


@mutant(fails={"shape": EVERY})
def log_softmax_squeezed(x: Array, axis: int = -1) -> Array:
    """Axes of length one are dropped."""
    return sound_log_softmax(x, axis).squeeze()


@mutant(fails={"determinism": EVERY})
def log_softmax_dithered(x: Array, axis: int = -1) -> Array:
    """The result is dithered by up to a unit roundoff before it is rounded."""
    y = log_probabilities(lift(x), axis)
    dithered: Array = y * (1 - fmt(x).unit_roundoff * _noise.random(y.shape))
    return dithered.astype(x.dtype)
