"""The sound log-softmax, logsumexp, cross-entropy and its gradient in pieces, as `_parts` has the softmax."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._parts import exps, lift, peak, ratio, total

LOG2_E = 1.4426950408889634


def log_total(w: Array, axis: int = -1) -> Array:
    """log sum_j exp(w_j - max w)."""
    return np.asarray(np.log(total(exps(w, axis), axis)))


def log_probabilities(w: Array, axis: int = -1) -> Array:
    """(w - max w) - log sum_j exp(w_j - max w)."""
    return np.asarray(w - peak(w, axis) - log_total(w, axis))


def sound_log_softmax(x: Array, axis: int) -> Array:
    """The sound log-softmax: `extremum.reference.log_softmax`."""
    return log_probabilities(lift(x), axis).astype(x.dtype)


def finite_peak(w: Array, axis: int = -1) -> Array:
    """The maximum of each row, and zero where it is infinite."""
    top = peak(w, axis)
    return np.where(np.isfinite(top), top, np.zeros_like(top))


def without(y: Array, axis: int, x: Array) -> Array:
    """`y` without `axis`, which has length one, rounded to the dtype of `x`."""
    return np.squeeze(y, axis).astype(x.dtype)


def log_sum(w: Array, axis: int = -1) -> Array:
    """log sum_j exp(w_j), the axis kept at length one; right at the infinities."""
    return np.asarray(peak(w, axis) + np.log(total(np.exp(w - finite_peak(w, axis)), axis)))


def sound_logsumexp(x: Array, axis: int) -> Array:
    """The sound logsumexp: max x + log sum_j exp(x_j - max x), in float32 at least."""
    return without(log_sum(lift(x), axis), axis, x)


def rounded(value: Array, x: Array) -> Array:
    """`value` rounded to the dtype of `x`."""
    return np.asarray(value).astype(x.dtype)


def sound_loss(logits: Array, L: int) -> Array:
    """The sound loss: `extremum.reference.cross_entropy`."""
    return rounded(-log_probabilities(lift(logits))[L], logits)


def probabilities(logits: Array) -> Array:
    """softmax(logits), not rounded."""
    return ratio(exps(lift(logits)))


def onehot(logits: Array, L: int) -> Array:
    """One in entry L, zero in the others."""
    return (np.arange(logits.shape[-1]) == L).astype(lift(logits).dtype)


def sound_gradient(logits: Array, L: int) -> Array:
    """The sound gradient: `extremum.reference.cross_entropy_gradient`."""
    return rounded(probabilities(logits) - onehot(logits, L), logits)


def in_memory_order(x: Array) -> Array:
    """The entries of `x` in the order of memory, as if the array were C-contiguous."""
    upwards = x[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in x.strides)]
    return upwards.ravel(order="K").reshape(x.shape)


def from_start_of_storage(x: Array) -> Array:
    """As many entries as `x` has, from the start of the storage that it is a view of."""
    host = x.base if isinstance(x.base, np.ndarray) and x.base.dtype == x.dtype else x
    return np.resize(host, x.shape)
