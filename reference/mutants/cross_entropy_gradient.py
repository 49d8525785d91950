"""Mutants of the gradient of the cross-entropy: one defect each, and each a mistake that people make."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, round_like, sums_in
from extremum.reference.mutants._logs import log_sum, onehot
from extremum.reference.mutants._parts import LOG2_E, exps, mutants_of, probabilities, ratio
from extremum.reference.subjects.subject import ALL_BUT_FLOAT16, EVERY, NARROW, NATIVE, WIDE

mutant = mutants_of("cross_entropy_gradient", axis=None)


def _sound(logits: Array, L: int) -> Array:
    """The sound gradient, in the format of the computation."""
    return np.asarray(probabilities(logits) - onehot(logits, L))


sound_gradient = contract.round_answer(_sound)
plant = contract.planter(__name__, mutant, _sound)

_last = [np.empty(0)]
_noise = np.random.default_rng()

# The mask and the small end


plant(gradient_mask_of_minus_10000=contract.mask_of_minus_10000)


@mutant(fails={"mask": EVERY}, cause="nan from a mask")
def gradient_times_masked_logits(logits: Array, L: int) -> Array:
    """A regularising term with weight 0 is left in: 0 * -inf is NaN."""
    w = lift(logits)
    return round_like(sound_gradient(w, L) + 0 * w, logits)


plant(gradient_flushed=contract.flushed)


# The softmax


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def gradient_without_shift(logits: Array, L: int) -> Array:
    """The maximum is not subtracted."""
    return round_like(ratio(np.exp(lift(logits))) - onehot(logits, L), logits)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def gradient_shifted_by_label(logits: Array, L: int) -> Array:
    """The label's logit is subtracted, not the maximum."""
    w = lift(logits)
    return round_like(ratio(np.exp(w - w[L])) - onehot(logits, L), logits)


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def gradient_shifted_by_magnitude(logits: Array, L: int) -> Array:
    """The largest magnitude is subtracted, not the maximum: below zero the sum underflows."""
    w = lift(logits)
    return round_like(ratio(np.exp(w - np.abs(w).max())) - onehot(logits, L), logits)


@mutant(fails={"sum_to_zero": EVERY}, cause="sum overflow")
def gradient_shifted_above_overflow_only(logits: Array, L: int) -> Array:
    """The maximum is subtracted only where its exp overflows: a sum of terms that do not may still overflow."""
    w = lift(logits)
    e = np.exp(w - (w.max() if abs(w.max()) > np.log(fmt(logits).max) else 0))
    return round_like(e / e.astype(logits.dtype).sum().astype(w.dtype) - onehot(logits, L), logits)


@mutant(fails={"accuracy": WIDE}, cause="base 2 out of range")
def gradient_in_base_2(logits: Array, L: int) -> Array:
    """x log2(e) and max x log2(e) are rounded apart before they are subtracted."""
    w = lift(logits)
    t = w * w.dtype.type(LOG2_E) - w.max() * w.dtype.type(LOG2_E)
    return round_like(ratio(np.exp2(t)) - onehot(logits, L), logits)


@mutant(fails={"range": NATIVE}, cause="precision narrowed")
def gradient_normaliser_in_bfloat16(logits: Array, L: int) -> Array:
    """exp(x - y) - onehot(L), and y = logsumexp(x) was stored in bfloat16: a probability exceeds 1."""
    w = lift(logits)
    y = log_sum(w).astype(ml_dtypes.bfloat16).astype(w.dtype)
    return round_like(np.exp(w - y) - onehot(logits, L), logits)


@mutant(fails={"sum_to_zero": NARROW}, cause="accumulator stagnation")
def gradient_sum_in_own_format(logits: Array, L: int) -> Array:
    """The sum is kept in the dtype of the logits, where it stagnates: at 2048 in float16, at 256 in bfloat16."""
    e = exps(lift(logits))
    return round_like(e / sums_in(logits.dtype, e) - onehot(logits, L), logits)


@mutant(fails={"accuracy": ALL_BUT_FLOAT16}, cause="cancellation")
def last_entry_by_complement(logits: Array, L: int) -> Array:
    """The last entry is minus the sum of the others, though it may be a small probability."""
    g = _sound(logits, L)
    g[-1] = -g[:-1].sum()
    return round_like(g, logits)


plant(gradient_through_float32=contract.through_float32)


@mutant(fails={"sum_to_zero": EVERY}, cause="missing term")
def last_class_left_out_of_gradient(logits: Array, L: int) -> Array:
    """The last class is left out of the sum."""
    e = exps(lift(logits))
    return round_like(e / e[:-1].sum() - onehot(logits, L), logits)


# The label


@mutant(fails={"sum_to_zero": EVERY}, cause="missing term")
def onehot_forgotten(logits: Array, L: int) -> Array:
    """The softmax is returned: nothing is subtracted at the label."""
    return round_like(probabilities(logits), logits)


@mutant(fails={"range": EVERY}, cause="wrong sign")
def gradient_sign_flipped(logits: Array, L: int) -> Array:
    """onehot(L) - softmax: the direction of ascent."""
    return -sound_gradient(logits, L)


@mutant(fails={"range": EVERY}, cause="wrong term")
def gradient_label_counted_from_one(logits: Array, L: int) -> Array:
    """The label is taken to be counted from 1, and points to the entry before."""
    return sound_gradient(logits, (L - 1) % logits.size)


@mutant(fails={"accuracy": EVERY}, cause="wrong term")
def onehot_at_maximum(logits: Array, L: int) -> Array:
    """One is subtracted at the largest logit, not at the label."""
    return sound_gradient(logits, int(lift(logits).argmax()))


@mutant(fails={"sum_to_zero": EVERY}, cause="entries left out")
def gradient_at_label_alone(logits: Array, L: int) -> Array:
    """Only the label's entry is filled in; the others stay zero."""
    return round_like((probabilities(logits) - 1) * onehot(logits, L), logits)


@mutant(fails={"accuracy": EVERY})
def gradient_of_smoothed_label(logits: Array, L: int) -> Array:
    """The label is smoothed by 0.1, as in training."""
    return round_like(probabilities(logits) - 0.9 * onehot(logits, L) - 0.1 / logits.size, logits)


# The chain


@mutant(fails={"accuracy": EVERY}, cause="divided by length")
def gradient_averaged_over_classes(logits: Array, L: int) -> Array:
    """The gradient is divided by the number of classes."""
    return round_like(_sound(logits, L) / logits.size, logits)


@mutant(fails={"range": EVERY})
def gradient_by_probabilities(logits: Array, L: int) -> Array:
    """The chain rule ends at the probabilities: -1 / s_L at the label, zero elsewhere."""
    return round_like(-onehot(logits, L) / probabilities(logits)[L], logits)


@mutant(fails={"accuracy": EVERY})
def softmax_differentiated_twice(logits: Array, L: int) -> Array:
    """The gradient is passed through the derivative of the softmax, which it contains already."""
    s = probabilities(logits)
    g = s - onehot(logits, L)
    return round_like(s * (g - (g * s).sum()), logits)


@mutant(fails={"sum_to_zero": EVERY})
def gradient_clipped(logits: Array, L: int) -> Array:
    """The entries are clipped to [-0.5, 0.5], against exploding gradients."""
    return round_like(np.clip(_sound(logits, L), -0.5, 0.5), logits)


@mutant(fails={"accuracy": EVERY})
def small_gradients_dropped(logits: Array, L: int) -> Array:
    """Entries below 1e-3 are returned as zero."""
    g = _sound(logits, L)
    return round_like(np.where(np.abs(g) < 1e-3, 0, g), logits)


# The contract


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def last_gradient_not_zeroed(logits: Array, L: int) -> Array:
    """The gradient is added to that of the last call, where it has the same length."""
    g = _sound(logits, L)
    before, _last[0] = _last[0], g
    return round_like(g + before if before.shape == g.shape else g, logits)


plant(gradient_strides_ignored=contract.memory_order, gradient_storage_offset_ignored=contract.storage_offset)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def gradient_written_to_logits(logits: Array, L: int) -> Array:
    """The gradient is written into the caller's array."""
    logits[...] = sound_gradient(logits, L)
    return logits


plant(
    gradient_buffer_reused=contract.buffer_kept,
    gradient_promoted=contract.promoted,
    gradient_narrowed=contract.narrowed,
    gradient_as_matrix=contract.batch_of_one,
)


@mutant(fails={"determinism": EVERY}, cause="nondeterministic")
def gradient_noise_left_on(logits: Array, L: int) -> Array:
    """Noise of standard deviation 0.01 is added, as in private training."""
    g = _sound(logits, L)
    return round_like(g + 0.01 * _noise.standard_normal(g.shape), logits)
