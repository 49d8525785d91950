"""Mutants of the vector-Jacobian product of softmax: what people get wrong about s * (g - <g, s>), one defect each."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import in_any_order, lift, round_like, sums_in
from extremum.reference.mutants._parts import exps, mutants_of, peak, probabilities, ratio, total
from extremum.reference.subjects.subject import ALL_BUT_FLOAT16, EVERY, NARROW, NATIVE, WIDE

mutant = mutants_of("softmax_vjp")

_cache: dict[bytes, Array] = {}
_running_mean = contract.average_answers(probabilities)


def _centred(s: Array, g: Array) -> Array:
    """The sound formula, from the probabilities and the lifted g."""
    return np.asarray(s * (g - total(g * s)))


def _sound(x: Array, g: Array) -> Array:
    """The sound product, in the format of the computation."""
    return _centred(probabilities(x), lift(g))


plant = contract.planter(__name__, mutant, _sound)


# The mask and the small end


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def vjp_mask_of_minus_10000(x: Array, g: Array) -> Array:
    """-inf is replaced by -10000, which leaks where the other entries lie lower."""
    return _centred(probabilities(contract.minus_10000_for_masked(x)), lift(g)).astype(x.dtype)


@mutant(fails={"mask": EVERY}, cause="nan from a mask")
def vjp_masked_head_is_nan(x: Array, g: Array) -> Array:
    """A running maximum from -inf: where the row starts with a masked entry, -inf - -inf is NaN."""
    w = lift(x)
    m = np.maximum.accumulate(w)
    s = np.exp(w - m) * np.exp(m - m[-1])
    return _centred(s / total(s), lift(g)).astype(x.dtype)


plant(vjp_flushed=contract.flushed)


# The probabilities


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def vjp_without_shift(x: Array, g: Array) -> Array:
    """The maximum is not subtracted."""
    return _centred(ratio(np.exp(lift(x))), lift(g)).astype(x.dtype)


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def vjp_shifted_by_magnitude(x: Array, g: Array) -> Array:
    """The largest magnitude is subtracted, not the maximum: far below zero all exps are zero, and so is the sum."""
    w = lift(x)
    return _centred(ratio(np.exp(w - peak(np.abs(w)))), lift(g)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="sum overflow")
def exps_scaled_up(x: Array, g: Array) -> Array:
    """The exps are scaled up to the largest finite value, lest small ones underflow, and their sum overflows."""
    e = exps(lift(x))
    return _centred(ratio(e * np.finfo(e.dtype).max), lift(g)).astype(x.dtype)


@mutant(fails={"annihilates_constants": ALL_BUT_FLOAT16}, cause="rounding of the gap")
def vjp_through_logsumexp(x: Array, g: Array) -> Array:
    """s is exp(x - y) with y = logsumexp(x), whose rounding costs abs(y) u."""
    w = lift(x)
    return _centred(np.exp(w - (peak(w) + np.log(total(exps(w))))), lift(g)).astype(x.dtype)


@mutant(fails={"sum_to_zero": ("float64",)})
def vjp_with_epsilon(x: Array, g: Array) -> Array:
    """1e-6 is added to the denominator of s, against a division by zero that cannot happen."""
    e = exps(lift(x))
    return _centred(e / (total(e) + e.dtype.type(1e-6)), lift(g)).astype(x.dtype)


plant(vjp_through_float32=contract.through_float32)


# The formula


@mutant(fails={"accuracy": EVERY}, cause="missing term")
def all_zero_gradient(x: Array, g: Array) -> Array:
    """Zero throughout, as of a graph that was cut: linear, and its entries sum to zero."""
    return np.zeros(x.shape, x.dtype)


@mutant(fails={"annihilates_constants": EVERY}, cause="missing term")
def diagonal_only_vjp(x: Array, g: Array) -> Array:
    """s_i (1 - s_i) g_i, as of the sigmoid: that s_i depends on the other logits is forgotten."""
    s = probabilities(x)
    return round_like(s * (1 - s) * lift(g), x)


@mutant(fails={"annihilates_constants": EVERY}, cause="wrong sign")
def inner_product_added(x: Array, g: Array) -> Array:
    """s * (g + <g, s>): the sign between the terms is wrong."""
    s, w = probabilities(x), lift(g)
    return round_like(s * (w + total(w * s)), x)


@mutant(fails={"annihilates_constants": EVERY}, cause="wrong term")
def log_softmax_vjp(x: Array, g: Array) -> Array:
    """g - s sum(g), that of the logarithm."""
    return round_like(lift(g) - probabilities(x) * total(lift(g)), x)


@mutant(fails={"sum_to_zero": EVERY}, cause="missing term")
def not_centred(x: Array, g: Array) -> Array:
    """s * g: the inner product is forgotten, as where the denominator is taken for a constant."""
    return round_like(probabilities(x) * lift(g), x)


@mutant(fails={"sum_to_zero": EVERY}, cause="wrong term")
def centred_by_mean(x: Array, g: Array) -> Array:
    """s * (g - mean(g)): the mean is not weighted by s, which constants do not show."""
    w = lift(g)
    return round_like(probabilities(x) * (w - w.mean()), x)


@mutant(fails={"linear": EVERY}, cause="wrong term")
def cross_entropy_gradient_instead(x: Array, g: Array) -> Array:
    """s - g, the gradient of the cross-entropy where g is one-hot."""
    return round_like(probabilities(x) - lift(g), x)


@mutant(fails={"linear": EVERY})
def incoming_gradient_clipped(x: Array, g: Array) -> Array:
    """The incoming gradient is clipped to [-1, 1], as in training."""
    return _centred(probabilities(x), np.clip(lift(g), -1, 1)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def directional_difference(x: Array, g: Array) -> Array:
    """(softmax(x + h g) - softmax(x - h g)) / 2h with h = 1e-6, whatever the dtype and the size of `x`."""
    w, step = lift(x), lift(g) * lift(x).dtype.type(1e-6)
    return round_like((ratio(exps(w + step)) - ratio(exps(w - step))) / w.dtype.type(2e-6), x)


# The inner product


@mutant(fails={"accuracy": WIDE}, cause="precision narrowed")
def inner_product_in_bfloat16(x: Array, g: Array) -> Array:
    """<g, s> is rounded to bfloat16 on its way to the second pass."""
    s, w = probabilities(x), lift(g)
    return round_like(s * (w - total(w * s).astype(ml_dtypes.bfloat16).astype(s.dtype)), x)


@mutant(fails={"annihilates_constants": NARROW}, cause="accumulator stagnation")
def inner_product_in_own_format(x: Array, g: Array) -> Array:
    """<g, s> is summed term by term in the dtype of `x`, where it stagnates."""
    s, w = probabilities(x), lift(g)
    return round_like(s * (w - sums_in(x.dtype, w * s)), x)


@mutant(fails={"sum_to_zero": EVERY}, cause="missing term")
def tail_left_out_of_inner_product(x: Array, g: Array) -> Array:
    """<g, s> is taken over whole vectors of eight, without the tail."""
    s, w = probabilities(x), lift(g)
    whole = len(s) - len(s) % 8 or len(s)
    return round_like(s * (w - total((w * s)[:whole])), x)


# The contract


@mutant(fails={"linear": EVERY}, cause="state leaks between rows")
def vjp_cached_by_logits(x: Array, g: Array) -> Array:
    """The last answer is given again for the same `x`, whatever `g`."""
    key = x.dtype.str.encode() + x.tobytes()
    if key not in _cache:
        _cache.clear()
        _cache[key] = _centred(probabilities(x), lift(g)).astype(x.dtype)
    return _cache[key].copy()


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def vjp_of_running_mean(x: Array, g: Array) -> Array:
    """The probabilities are averaged with those of earlier calls of that length, as batch statistics are."""
    return _centred(_running_mean(x), lift(g)).astype(x.dtype)


plant(vjp_in_memory_order=contract.memory_order)


@mutant(fails={"layout": NATIVE}, cause="storage order ignored")
def byte_order_of_g_ignored(x: Array, g: Array) -> Array:
    """The bytes of `g` are read in the machine's order, whatever its dtype says."""
    return _centred(probabilities(x), lift(g.view(g.dtype.newbyteorder("=")))).astype(x.dtype)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def centred_in_place(x: Array, g: Array) -> Array:
    """The inner product is subtracted in the caller's `g`."""
    s = probabilities(x)
    g -= total(lift(g) * s).astype(g.dtype)
    return (s * lift(g)).astype(x.dtype)


plant(vjp_buffer_reused=contract.buffer_kept)


@mutant(fails={"dtype": ("float32", *NARROW)}, cause="wrong dtype")
def promoted_by_inner_product(x: Array, g: Array) -> Array:
    """<g, s> is a NumPy scalar of float64, which promotes the result."""
    s = probabilities(x).astype(x.dtype)
    return np.asarray(s * (g - np.float64(total(lift(g) * lift(s))[0])))


plant(gradient_of_float32=contract.narrowed, column_returned=contract.column)


plant(vjp_lost_by_chance=contract.rarely_lost, vjp_workspace_kept=contract.workspace_kept)


@mutant(fails={"determinism": WIDE}, cause="nondeterministic")
def summed_in_any_order(x: Array, g: Array) -> Array:
    """<g, s> is summed in another order at every call, as atomic additions are."""
    s, w = probabilities(x), lift(g)
    return round_like(s * (w - in_any_order(w * s)), x)
