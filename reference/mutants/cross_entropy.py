"""Cross-entropy mutants: one defect each, and each a mistake that people make."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, round_like, sums_in
from extremum.reference.mutants._logs import log_probabilities, log_sum, onehot
from extremum.reference.mutants._parts import LOG2_E, exps, mutants_of, probabilities, sound
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("cross_entropy", axis=None)


def _sound(logits: Array, L: int) -> Array:
    """The sound loss, in the format of the computation."""
    return np.asarray(-log_probabilities(lift(logits))[L])


sound_loss = contract.round_answer(_sound)
plant = contract.planter(__name__, mutant, _sound)

_buffers: dict[str, Array] = {}
_last_sum = [0.0]
_noise = np.random.default_rng()

# The shift


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def loss_without_shift(logits: Array, L: int) -> Array:
    """The maximum is not subtracted."""
    w = lift(logits)
    return round_like(np.log(np.exp(w).sum()) - w[L], logits)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def loss_shifted_by_label(logits: Array, L: int) -> Array:
    """The label's logit is subtracted, not the maximum: log sum exp(x_j - x_L) overflows where the label is wrong."""
    w = lift(logits)
    return round_like(np.log(np.exp(w - w[L]).sum()), logits)


@mutant(fails={"finite": EVERY}, cause="sum overflow")
def loss_shifted_above_overflow_only(logits: Array, L: int) -> Array:
    """The maximum is subtracted only where its exp overflows: a sum of terms that do not may still overflow."""
    w = lift(logits)
    d = w - (w.max() if abs(w.max()) > np.log(fmt(logits).max) else 0)
    return round_like(np.log(np.exp(d).astype(logits.dtype).sum().astype(w.dtype)) - d[L], logits)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def loss_of_rounded_normaliser(logits: Array, L: int) -> Array:
    """y - x_L, and y = logsumexp(x) was rounded to the dtype of the logits before."""
    w = lift(logits)
    return round_like(log_sum(w)[0].astype(logits.dtype).astype(w.dtype) - w[L], logits)


@mutant(fails={"accuracy": WIDE}, cause="base 2 out of range")
def loss_in_base_2(logits: Array, L: int) -> Array:
    """x log2(e) and max x log2(e) are rounded apart before they are subtracted."""
    w = lift(logits)
    t = w * w.dtype.type(LOG2_E) - w.max() * w.dtype.type(LOG2_E)
    return round_like((np.log2(np.exp2(t).sum()) - t[L]) / w.dtype.type(LOG2_E), logits)


# The logarithm


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def loss_of_rounded_softmax(logits: Array, L: int) -> Array:
    """The logarithm is taken of a probability that was rounded to the dtype of the logits, or to zero."""
    return round_like(-np.log(sound(logits, -1)[L].astype(lift(logits).dtype)), logits)


@mutant(fails={"finite": EVERY}, cause="subnormals flushed")
def loss_of_flushed_softmax(logits: Array, L: int) -> Array:
    """The logarithm is taken of a probability that was flushed to zero where it is subnormal."""
    s = probabilities(logits)[L]
    return round_like(-np.log(np.where(s < fmt(logits).tiny, 0, s)), logits)


@mutant(fails={"nonnegative": EVERY}, cause="epsilon added")
def epsilon_inside_the_logarithm(logits: Array, L: int) -> Array:
    """1e-5 is added to the probability, against a logarithm of zero: certainty is below zero."""
    return round_like(-np.log(probabilities(logits)[L] + lift(logits).dtype.type(1e-5)), logits)


@mutant(fails={"accuracy": EVERY})
def probability_clipped_at_1e_7(logits: Array, L: int) -> Array:
    """The probability is clipped to [1e-7, 1 - 1e-7]: no loss is above 16.1."""
    return round_like(-np.log(np.clip(probabilities(logits)[L], 1e-7, 1 - 1e-7)), logits)


@mutant(fails={"accuracy": EVERY}, cause="values clipped")
def loss_clipped_at_100(logits: Array, L: int) -> Array:
    """No loss is above 100."""
    return round_like(np.minimum(sound_loss(logits, L), 100), logits)


@mutant(fails={"accuracy": EVERY}, cause="wrong factor")
def loss_in_bits(logits: Array, L: int) -> Array:
    """The logarithm is taken to base 2."""
    return round_like(sound_loss(logits, L).astype(lift(logits).dtype) * LOG2_E, logits)


@mutant(fails={"nonnegative": EVERY}, cause="wrong sign")
def loss_sign_flipped(logits: Array, L: int) -> Array:
    """The log-likelihood is returned, not minus it."""
    return round_like(log_probabilities(lift(logits))[L], logits)


@mutant(fails={"accuracy": EVERY})
def softmax_applied_twice(logits: Array, L: int) -> Array:
    """The probabilities are taken for logits, and softmax applied to them again."""
    return round_like(-log_probabilities(probabilities(logits))[L], logits)


# The sum


@mutant(fails={"nonnegative": EVERY}, cause="missing term")
def label_left_out_of_sum(logits: Array, L: int) -> Array:
    """The sum is taken over the other entries alone."""
    w = lift(logits)
    return round_like(np.log((exps(w) * (1 - onehot(logits, L))).sum()) - (w[L] - w.max()), logits)


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def loss_sum_in_own_format(logits: Array, L: int) -> Array:
    """The sum is kept in the dtype of the logits, where it stagnates: at 2048 in float16, at 256 in bfloat16."""
    w = lift(logits)
    s = sums_in(logits.dtype, exps(w))[0]
    return round_like(np.log(s) - (w[L] - w.max()), logits)


@mutant(fails={"accuracy": EVERY}, cause="missing term")
def last_class_left_out(logits: Array, L: int) -> Array:
    """The last class is left out of the sum."""
    w = lift(logits)
    return round_like(np.log(exps(w)[:-1].sum()) - (w[L] - w.max()), logits)


plant(loss_through_float32=contract.through_float32)


# The label


@mutant(fails={"accuracy": EVERY}, cause="wrong term")
def label_counted_from_one(logits: Array, L: int) -> Array:
    """The label is taken to be counted from 1, and points to the entry before."""
    return sound_loss(logits, L - 1)


@mutant(fails={"accuracy": EVERY})
def label_smoothing_left_on(logits: Array, L: int) -> Array:
    """The label is smoothed by 0.1, as in training."""
    losses = -log_probabilities(lift(logits))
    return round_like(0.9 * losses[L] + 0.1 * losses.mean(), logits)


@mutant(fails={"accuracy": EVERY}, cause="divided by length")
def loss_averaged_over_classes(logits: Array, L: int) -> Array:
    """The loss is divided by the number of classes."""
    return round_like(-log_probabilities(lift(logits))[L] / logits.size, logits)


# The mask


@mutant(fails={"mask": EVERY}, cause="nan from a mask")
def onehot_times_infinity(logits: Array, L: int) -> Array:
    """The one-hot label is multiplied by the log-probabilities, and zero times -inf is NaN."""
    return round_like(-(onehot(logits, L) * log_probabilities(lift(logits))).sum(), logits)


plant(loss_mask_of_minus_10000=contract.mask_of_minus_10000)


# The contract


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def sum_kept_from_last_call(logits: Array, L: int) -> Array:
    """The accumulator is not cleared: the sum starts at that of the last call."""
    w = lift(logits)
    s = exps(w).sum()
    before, _last_sum[0] = _last_sum[0], float(s)
    return round_like(np.log(s + before) - (w[L] - w.max()), logits)


plant(loss_strides_ignored=contract.memory_order, loss_storage_offset_ignored=contract.storage_offset)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def loss_logits_shifted_in_place(logits: Array, L: int) -> Array:
    """The maximum is subtracted in the caller's array."""
    logits -= logits.max()
    return sound_loss(logits, L)


@mutant(fails={"purity": EVERY}, cause="answer overwritten")
def loss_buffer_reused(logits: Array, L: int) -> Array:
    """The loss is written into a buffer that is kept, and returned again by the next call."""
    kept = _buffers.setdefault(logits.dtype.name, np.empty((), logits.dtype))
    kept[...] = sound_loss(logits, L)
    return kept


@mutant(fails={"dtype": ("float32", *NARROW)}, cause="wrong dtype")
def loss_promoted_to_float64(logits: Array, L: int) -> Array:
    """The loss is returned in float64, as a Python float becomes one."""
    return np.asarray(float(sound_loss(logits, L)))


plant(loss_narrowed=contract.narrowed, loss_not_reduced=contract.batch_of_one)


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def losses_of_all_labels(logits: Array, L: int) -> Array:
    """The loss of every label is returned, in a row."""
    return round_like(-log_probabilities(lift(logits)), logits)


@mutant(fails={"determinism": EVERY}, cause="nondeterministic")
def dropout_left_on(logits: Array, L: int) -> Array:
    """A tenth of the logits, chosen at random, is set to zero, as in training."""
    kept = np.where(_noise.random(logits.shape) < 0.1, np.zeros_like(logits), logits)
    return sound_loss(kept, L)
