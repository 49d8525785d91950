"""Softmax mutants, planted: the textbook defects of the arithmetic, one each.

The shift, the exponential, the sum, the scaling and the mask. What an implementation owes its caller is
broken in `softmax_planted_contract`.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import flush, fmt, lift, round_like, rows, sums_in, to_axis
from extremum.reference.mutants._parts import (
    blocks,
    exp_below,
    exps,
    from_blocks,
    gaps,
    mutants_of,
    peak,
    probabilities,
    quotient,
    ratio,
    sound,
    total,
)
from extremum.reference.subjects.subject import ALL_BUT_FLOAT16, EVERY, NARROW, NATIVE, WIDE

# The shift


mutant = mutants_of("softmax")
plant = contract.planter(__name__, mutant, probabilities)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def no_shift(x: Array, axis: int = -1) -> Array:
    """The maximum is not subtracted."""
    return ratio(np.exp(lift(x)), axis).astype(x.dtype)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def shifted_by_minimum(x: Array, axis: int = -1) -> Array:
    """The minimum is subtracted, not the maximum."""
    w = lift(x)
    return ratio(np.exp(w - w.min(axis=axis, keepdims=True)), axis).astype(x.dtype)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def shifted_by_mean(x: Array, axis: int = -1) -> Array:
    """The mean is subtracted, not the maximum."""
    w = lift(x)
    return ratio(np.exp(w - w.mean(axis=axis, keepdims=True)), axis).astype(x.dtype)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def shifted_by_first(x: Array, axis: int = -1) -> Array:
    """The first entry is subtracted, not the maximum."""
    w = rows(x, axis)
    return to_axis(ratio(np.exp(w - w[..., :1])), axis, x)


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def shifted_by_largest_magnitude(x: Array, axis: int = -1) -> Array:
    """The largest magnitude is subtracted, not the maximum: below zero the sum underflows."""
    w = lift(x)
    return ratio(np.exp(w - peak(np.abs(w), axis)), axis).astype(x.dtype)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def tail_left_out_of_maximum(x: Array, axis: int = -1) -> Array:
    """The maximum is taken over whole vectors of eight, without the tail."""
    w = rows(x, axis)
    n = w.shape[-1]
    return to_axis(ratio(exp_below(w, peak(w[..., : n - n % 8 or n]))), axis, x)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def logarithm_without_shift(x: Array, axis: int = -1) -> Array:
    """exp(x - log sum exp(x)): the logarithm of the sum is taken for the remedy, and no maximum subtracted."""
    w = lift(x)
    return round_like(np.exp(w - np.log(total(np.exp(w), axis))), x)


@mutant(fails={"monotone": EVERY})
def running_maximum(x: Array, axis: int = -1) -> Array:
    """Each entry is shifted by the maximum so far, not by the final one."""
    w = rows(x, axis)
    return to_axis(ratio(exp_below(w, np.maximum.accumulate(w, axis=-1))), axis, x)


@mutant(fails={"permutation_equivariance": EVERY})
def blocks_not_merged(x: Array, axis: int = -1) -> Array:
    """Each block of four is shifted by its own maximum, which are never merged."""
    w = rows(x, axis)
    b = blocks(w, 4)
    return to_axis(ratio(from_blocks(exp_below(b, peak(b)), w.shape[-1])), axis, x)


@mutant(fails={"shift_invariance": EVERY})
def divided_by_maximum(x: Array, axis: int = -1) -> Array:
    """The row is divided by its maximum, not shifted by it."""
    w = lift(x)
    return ratio(np.exp(w / peak(w, axis)), axis).astype(x.dtype)


@mutant(fails={"shift_invariance": EVERY}, cause="values clipped")
def clipped_logits(x: Array, axis: int = -1) -> Array:
    """The logits are clipped to [-50, 50] first."""
    return ratio(exps(np.clip(lift(x), -50, 50), axis), axis).astype(x.dtype)


@mutant(fails={"shift_invariance": NATIVE}, cause="precision narrowed")
def logits_in_bfloat16(x: Array, axis: int = -1) -> Array:
    """The logits are rounded to bfloat16 before the shift."""
    w = lift(x)
    return ratio(exps(w.astype(ml_dtypes.bfloat16).astype(w.dtype), axis), axis).astype(x.dtype)


# The exponential


@mutant(fails={"accuracy": EVERY})
def temperature_left_in(x: Array, axis: int = -1) -> Array:
    """The exponent is divided by a temperature of 1.1."""
    d = gaps(lift(x), axis)
    return ratio(np.exp(d / d.dtype.type(1.1)), axis).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def truncated_logits(x: Array, axis: int = -1) -> Array:
    """The logits are truncated to integers."""
    return ratio(exps(np.trunc(lift(x)), axis), axis).astype(x.dtype)


@mutant(fails={"accuracy": ALL_BUT_FLOAT16}, cause="values clipped")
def clipped_exponent(x: Array, axis: int = -1) -> Array:
    """The shifted exponent is clipped at -20: nothing is less likely than that."""
    return ratio(np.exp(np.maximum(gaps(lift(x), axis), -20)), axis).astype(x.dtype)


@mutant(fails={"accuracy": ALL_BUT_FLOAT16}, cause="precision narrowed")
def exp_in_float16(x: Array, axis: int = -1) -> Array:
    """exp is computed in float16."""
    d = gaps(lift(x), axis)
    return ratio(np.exp(d.astype(np.float16)).astype(d.dtype), axis).astype(x.dtype)


@mutant(fails={"accuracy": NATIVE})
def exp_by_exponent_bits(x: Array, axis: int = -1) -> Array:
    """exp is Schraudolph's (1999): the exponent scaled into the bits of a float32, wrong by up to 6 %."""
    d = gaps(lift(x), axis)
    depth = np.maximum(d, -87).astype(np.float64)
    bits = (depth * (2**23 / np.log(2)) + 127 * 2**23).astype(np.int32)
    return ratio(bits.view(np.float32).astype(d.dtype), axis).astype(x.dtype)


@mutant(fails={"nonnegative": EVERY})
def cubic_exp(x: Array, axis: int = -1) -> Array:
    """exp is its Taylor polynomial of degree three, which is negative below -1.6."""
    d = gaps(lift(x), axis)
    return ratio(1 + d * (1 + d / 2 * (1 + d / 3)), axis).astype(x.dtype)


@mutant(fails={"monotone": EVERY})
def quadratic_exp(x: Array, axis: int = -1) -> Array:
    """exp is its Taylor polynomial of degree two, which rises again below -1."""
    d = gaps(lift(x), axis)
    return ratio(1 + d * (1 + d / 2), axis).astype(x.dtype)


@mutant(fails={"gradual_underflow": NATIVE}, cause="subnormals flushed")
def subnormal_exps_flushed(x: Array, axis: int = -1) -> Array:
    """exp is zero where it would be subnormal in the dtype of `x`."""
    e = exps(lift(x), axis)
    return ratio(np.where(e < fmt(x).tiny, 0, e), axis).astype(x.dtype)


# The sum


@mutant(fails={"sum_to_one": NARROW}, cause="accumulator stagnation")
def sum_in_own_format(x: Array, axis: int = -1) -> Array:
    """The sum is kept in the dtype of `x`, where it stagnates: at 2048 in float16, at 256 in bfloat16."""
    e = exps(rows(x, axis))
    return to_axis(e / sums_in(x.dtype, e), axis, x)


@mutant(fails={"sum_to_one": EVERY}, cause="missing term")
def tail_left_out_of_sum(x: Array, axis: int = -1) -> Array:
    """The sum is taken over whole vectors of eight, without the tail."""
    e = exps(rows(x, axis))
    n = e.shape[-1]
    return to_axis(e / total(e[..., : n - n % 8 or n]), axis, x)


@mutant(fails={"sum_to_one": EVERY}, cause="sums not rescaled")
def never_rescaled(x: Array, axis: int = -1) -> Array:
    """Streaming, and the sum so far is not rescaled when the maximum rises."""
    w = rows(x, axis)
    return to_axis(exps(w) / total(exp_below(w, np.maximum.accumulate(w, axis=-1))), axis, x)


@mutant(fails={"sum_to_one": WIDE})
def epsilon_in_denominator(x: Array, axis: int = -1) -> Array:
    """1e-6 is added to the sum, against a division by zero that cannot happen."""
    e = exps(lift(x), axis)
    return quotient(e, total(e, axis) + e.dtype.type(1e-6), x)


@mutant(fails={"permutation_equivariance": EVERY}, cause="missing term")
def running_denominator(x: Array, axis: int = -1) -> Array:
    """Each entry is divided by the sum so far, not by the final one."""
    e = exps(rows(x, axis))
    return to_axis(e / np.cumsum(e, axis=-1), axis, x)


@mutant(fails={"at_most_one": EVERY})
def odds(x: Array, axis: int = -1) -> Array:
    """Each entry is left out of its own denominator: odds, not probabilities."""
    e = exps(lift(x), axis)
    return quotient(e, total(e, axis) - e, x)


# The scaling


@mutant(fails={"sum_to_one": NATIVE}, cause="precision narrowed")
def reciprocal_in_bfloat16(x: Array, axis: int = -1) -> Array:
    """The reciprocal of the sum is rounded to bfloat16."""
    e = exps(lift(x), axis)
    reciprocal = np.reciprocal(total(e, axis)).astype(ml_dtypes.bfloat16).astype(e.dtype)
    return round_like(e * reciprocal, x)


@mutant(fails={"at_most_one": NATIVE}, cause="precision narrowed")
def normaliser_in_bfloat16(x: Array, axis: int = -1) -> Array:
    """exp(x - y), and y = logsumexp(x) was stored in bfloat16."""
    w = lift(x)
    y = peak(w, axis) + np.log(total(exps(w, axis), axis))
    return round_like(np.exp(w - y.astype(ml_dtypes.bfloat16).astype(w.dtype)), x)


plant(float64_through_float32=contract.through_float32)


@mutant(fails={"sum_to_one": EVERY}, cause="exp overflow")
def overflow_hidden(x: Array, axis: int = -1) -> Array:
    """NaN is replaced by zero, not prevented by a shift."""
    return np.nan_to_num(ratio(np.exp(lift(x)), axis), nan=0.0).astype(x.dtype)


@mutant(fails={"sum_to_one": EVERY})
def top_eight_not_renormalised(x: Array, axis: int = -1) -> Array:
    """All but the eight largest probabilities are dropped, and the rest is not scaled up again."""
    s = ratio(exps(rows(x, axis)))
    return to_axis(np.where(s < np.sort(s, axis=-1)[..., -8:][..., :1], 0, s), axis, x)


@mutant(fails={"sum_to_one": EVERY})
def two_by_sigmoid(x: Array, axis: int = -1) -> Array:
    """A row of two gets the sigmoid of each entry, not of their difference."""
    one = np.ones(1, lift(x).dtype)
    return quotient(one, one + np.exp(-lift(x)), x) if x.shape[axis] == 2 else sound(x, axis)


@mutant(fails={"nonnegative": EVERY}, cause="cancellation")
def last_by_complement(x: Array, axis: int = -1) -> Array:
    """The last probability is one less the sum of the others."""
    s = ratio(exps(rows(x, axis)))
    s[..., -1] = 1 - s[..., :-1].sum(axis=-1)
    return to_axis(s, axis, x)


@mutant(fails={"accuracy": EVERY})
def normalised_twice(x: Array, axis: int = -1) -> Array:
    """Softmax is taken of the softmax."""
    return ratio(exps(probabilities(x, axis), axis), axis).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def one_hot(x: Array, axis: int = -1) -> Array:
    """The hard maximum: one for the first largest entry, zero for all others."""
    w = rows(x, axis)
    return to_axis(np.arange(w.shape[-1]) == w.argmax(axis=-1)[..., None], axis, x)


@mutant(fails={"accuracy": EVERY})
def small_probabilities_dropped(x: Array, axis: int = -1) -> Array:
    """Probabilities below 1e-3 are returned as zero."""
    s = probabilities(x, axis)
    return np.where(s < 1e-3, 0, s).astype(x.dtype)


@mutant(fails={"gradual_underflow": NATIVE}, cause="subnormals flushed")
def subnormals_flushed(x: Array, axis: int = -1) -> Array:
    """Subnormal results are flushed to zero."""
    return flush(sound(x, axis)).astype(x.dtype)


@mutant(fails={"permutation_equivariance": EVERY})
def sorted_output(x: Array, axis: int = -1) -> Array:
    """The probabilities are returned in descending order, not put back in their places."""
    return to_axis(np.sort(ratio(exps(rows(x, axis))), axis=-1)[..., ::-1], axis, x)


# The mask


plant(finite_mask=contract.mask_of_minus_10000)


@mutant(fails={"mask": EVERY}, cause="nan from a mask")
def masked_block_is_nan(x: Array, axis: int = -1) -> Array:
    """A block of four that is masked throughout is shifted by its own maximum: -inf - -inf is NaN."""
    w = rows(x, axis)
    b = blocks(w, 4)
    merged = (total(np.exp(b - peak(b))) * np.exp(peak(b) - peak(w)[..., None])).sum(axis=-2)
    return to_axis(exps(w) / merged, axis, x)
