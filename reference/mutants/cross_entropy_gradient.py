"""Mutants of the gradient of the cross-entropy: one defect each, and each a mistake that people make."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._logs import (
    LOG2_E,
    from_start_of_storage,
    in_memory_order,
    log_sum,
    onehot,
    probabilities,
    rounded,
    sound_gradient,
)
from extremum.reference.mutants._parts import exps, fmt, lift, mutants_of, ratio
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("cross_entropy_gradient", axis=None)

_buffer = [np.empty(0)]
_last = [np.empty(0)]
_noise = np.random.default_rng()

# The mask and the small end


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def gradient_mask_of_minus_10000(logits: Array, L: int) -> Array:
    """-inf is replaced by -10000, which leaks where the other logits lie lower."""
    w = lift(logits)
    return sound_gradient(np.where(np.isneginf(w), w.dtype.type(-1e4), w), L).astype(logits.dtype)


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def gradient_times_masked_logits(logits: Array, L: int) -> Array:
    """A regularising term with weight 0 is left in: 0 * -inf is NaN."""
    w = lift(logits)
    return rounded(sound_gradient(w, L) + 0 * w, logits)


@mutant(fails={"gradual_underflow": EVERY}, cause="subnormals flushed")
def gradient_flushed(logits: Array, L: int) -> Array:
    """Entries below the smallest normal are made zero."""
    y = sound_gradient(logits, L)
    return np.where(np.abs(y) < fmt(logits).tiny, np.zeros((), logits.dtype), y)


# The softmax


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def gradient_without_shift(logits: Array, L: int) -> Array:
    """The maximum is not subtracted."""
    return rounded(ratio(np.exp(lift(logits))) - onehot(logits, L), logits)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def gradient_shifted_by_label(logits: Array, L: int) -> Array:
    """The label's logit is subtracted, not the maximum."""
    w = lift(logits)
    return rounded(ratio(np.exp(w - w[L])) - onehot(logits, L), logits)


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def gradient_shifted_by_magnitude(logits: Array, L: int) -> Array:
    """The largest magnitude is subtracted, not the maximum: below zero the sum underflows."""
    w = lift(logits)
    return rounded(ratio(np.exp(w - np.abs(w).max())) - onehot(logits, L), logits)


@mutant(fails={"sum_to_zero": EVERY}, cause="sum overflow")
def gradient_shifted_above_overflow_only(logits: Array, L: int) -> Array:
    """The maximum is subtracted only where its exp overflows: a sum of terms that do not may still overflow."""
    w = lift(logits)
    e = np.exp(w - (w.max() if abs(w.max()) > np.log(fmt(logits).max) else 0))
    return rounded(e / e.astype(logits.dtype).sum().astype(w.dtype) - onehot(logits, L), logits)


@mutant(fails={"accuracy": WIDE}, cause="rounding of the gap")
def gradient_in_base_2(logits: Array, L: int) -> Array:
    """x log2(e) and max x log2(e) are rounded apart before they are subtracted."""
    w = lift(logits)
    t = w * w.dtype.type(LOG2_E) - w.max() * w.dtype.type(LOG2_E)
    return rounded(ratio(np.exp2(t)) - onehot(logits, L), logits)


@mutant(fails={"range": ("float64", "float32", "float16")}, cause="precision narrowed")
def gradient_normaliser_in_bfloat16(logits: Array, L: int) -> Array:
    """exp(x - y) - onehot(L), and y = logsumexp(x) was stored in bfloat16: a probability exceeds 1."""
    w = lift(logits)
    y = log_sum(w).astype(ml_dtypes.bfloat16).astype(w.dtype)
    return rounded(np.exp(w - y) - onehot(logits, L), logits)


@mutant(fails={"sum_to_zero": NARROW}, cause="accumulator stagnation")
def gradient_sum_in_own_format(logits: Array, L: int) -> Array:
    """The sum is kept in the dtype of the logits, where it stagnates: at 2048 in float16, at 256 in bfloat16."""
    e = exps(lift(logits))
    s = np.add.accumulate(e.astype(logits.dtype))[-1].astype(e.dtype)
    return rounded(e / s - onehot(logits, L), logits)


@mutant(fails={"accuracy": ("float64", "float32", "bfloat16")}, cause="cancellation")
def last_entry_by_complement(logits: Array, L: int) -> Array:
    """The last entry is minus the sum of the others, though it may be a small probability."""
    g = probabilities(logits) - onehot(logits, L)
    g[-1] = -g[:-1].sum()
    return rounded(g, logits)


@mutant(fails={"accuracy": ("float64",)}, cause="precision narrowed")
def gradient_through_float32(logits: Array, L: int) -> Array:
    """The computation is in float32, even for float64."""
    return sound_gradient(logits.astype(np.float32), L).astype(logits.dtype)


@mutant(fails={"sum_to_zero": EVERY})
def last_class_left_out_of_gradient(logits: Array, L: int) -> Array:
    """The last class is left out of the sum."""
    e = exps(lift(logits))
    return rounded(e / e[:-1].sum() - onehot(logits, L), logits)


# The label


@mutant(fails={"sum_to_zero": EVERY})
def onehot_forgotten(logits: Array, L: int) -> Array:
    """The softmax is returned: nothing is subtracted at the label."""
    return rounded(probabilities(logits), logits)


@mutant(fails={"range": EVERY})
def gradient_sign_flipped(logits: Array, L: int) -> Array:
    """onehot(L) - softmax: the direction of ascent."""
    return -sound_gradient(logits, L)


@mutant(fails={"range": EVERY})
def gradient_label_counted_from_one(logits: Array, L: int) -> Array:
    """The label is taken to be counted from 1, and points to the entry before."""
    return sound_gradient(logits, (L - 1) % logits.size)


@mutant(fails={"accuracy": EVERY})
def onehot_at_maximum(logits: Array, L: int) -> Array:
    """One is subtracted at the largest logit, not at the label."""
    return sound_gradient(logits, int(lift(logits).argmax()))


@mutant(fails={"sum_to_zero": EVERY})
def gradient_at_label_alone(logits: Array, L: int) -> Array:
    """Only the label's entry is filled in; the others stay zero."""
    return rounded((probabilities(logits) - 1) * onehot(logits, L), logits)


@mutant(fails={"accuracy": EVERY})
def gradient_of_smoothed_label(logits: Array, L: int) -> Array:
    """The label is smoothed by 0.1, as in training."""
    return rounded(probabilities(logits) - 0.9 * onehot(logits, L) - 0.1 / logits.size, logits)


# The chain


@mutant(fails={"accuracy": EVERY})
def gradient_averaged_over_classes(logits: Array, L: int) -> Array:
    """The gradient is divided by the number of classes."""
    return rounded((probabilities(logits) - onehot(logits, L)) / logits.size, logits)


@mutant(fails={"range": EVERY})
def gradient_by_probabilities(logits: Array, L: int) -> Array:
    """The chain rule ends at the probabilities: -1 / s_L at the label, zero elsewhere."""
    return rounded(-onehot(logits, L) / probabilities(logits)[L], logits)


@mutant(fails={"accuracy": EVERY})
def softmax_differentiated_twice(logits: Array, L: int) -> Array:
    """The gradient is passed through the derivative of the softmax, which it contains already."""
    s = probabilities(logits)
    g = s - onehot(logits, L)
    return rounded(s * (g - (g * s).sum()), logits)


@mutant(fails={"sum_to_zero": EVERY})
def gradient_clipped(logits: Array, L: int) -> Array:
    """The entries are clipped to [-0.5, 0.5], against exploding gradients."""
    return rounded(np.clip(probabilities(logits) - onehot(logits, L), -0.5, 0.5), logits)


@mutant(fails={"accuracy": EVERY})
def small_gradients_dropped(logits: Array, L: int) -> Array:
    """Entries below 1e-3 are returned as zero."""
    g = probabilities(logits) - onehot(logits, L)
    return rounded(np.where(np.abs(g) < 1e-3, 0, g), logits)


# The contract


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def last_gradient_not_zeroed(logits: Array, L: int) -> Array:
    """The gradient is added to that of the last call, where it has the same length."""
    g = probabilities(logits) - onehot(logits, L)
    before, _last[0] = _last[0], g
    return rounded(g + before if before.shape == g.shape else g, logits)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def gradient_strides_ignored(logits: Array, L: int) -> Array:
    """The entries are read in the order of memory, as if the array were C-contiguous."""
    return sound_gradient(in_memory_order(logits), L)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def gradient_storage_offset_ignored(logits: Array, L: int) -> Array:
    """A view is read from the start of its storage."""
    return sound_gradient(from_start_of_storage(logits), L)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def gradient_written_to_logits(logits: Array, L: int) -> Array:
    """The gradient is written into the caller's array."""
    logits[...] = sound_gradient(logits, L)
    return logits


@mutant(fails={"purity": EVERY}, cause="state leaks between rows")
def gradient_buffer_reused(logits: Array, L: int) -> Array:
    """The result is written into a buffer that is kept, and returned again for the next array of its shape."""
    if _buffer[0].shape != logits.shape or _buffer[0].dtype != logits.dtype:
        _buffer[0] = np.empty(logits.shape, logits.dtype)
    _buffer[0][...] = sound_gradient(logits, L)
    return _buffer[0]


@mutant(fails={"dtype": NARROW})
def gradient_promoted(logits: Array, L: int) -> Array:
    """The result stays in the format of the computation."""
    return probabilities(logits) - onehot(logits, L)


@mutant(fails={"dtype": ("float64",)}, cause="precision narrowed")
def gradient_narrowed(logits: Array, L: int) -> Array:
    """The result of float64 is returned as float32."""
    return sound_gradient(logits, L).astype(np.float32 if logits.dtype.itemsize == 8 else logits.dtype)


@mutant(fails={"shape": EVERY})
def gradient_as_matrix(logits: Array, L: int) -> Array:
    """The result is a matrix of one row."""
    return sound_gradient(logits, L).reshape(1, -1)


@mutant(fails={"determinism": EVERY})
def gradient_noise_left_on(logits: Array, L: int) -> Array:
    """Noise of standard deviation 0.01 is added, as in private training."""
    g = probabilities(logits) - onehot(logits, L)
    return rounded(g + 0.01 * _noise.standard_normal(g.shape), logits)
