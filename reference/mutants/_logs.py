"""The sound log-softmax, logsumexp, cross-entropy and its gradient in pieces, as `_parts` has the softmax."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._arrays import lift
from extremum.reference.mutants._parts import exps, gaps, peak, total


def log_total(w: Array, axis: int = -1) -> Array:
    """log sum_j exp(w_j - max w)."""
    return np.asarray(np.log(total(exps(w, axis), axis)))


def log_probabilities(w: Array, axis: int = -1) -> Array:
    """(w - max w) - log sum_j exp(w_j - max w)."""
    return np.asarray(gaps(w, axis) - log_total(w, axis))


def finite_peak(w: Array, axis: int = -1) -> Array:
    """The maximum of each row, and zero where it is infinite."""
    top = peak(w, axis)
    return np.where(np.isfinite(top), top, np.zeros_like(top))


def drop_axis(y: Array, axis: int, x: Array) -> Array:
    """`y` without `axis`, which has length one, rounded to the dtype of `x`."""
    return np.squeeze(y, axis).astype(x.dtype)


def log_sum(w: Array, axis: int = -1) -> Array:
    """log sum_j exp(w_j), the axis kept at length one; right at the infinities."""
    return np.asarray(peak(w, axis) + np.log(total(np.exp(w - finite_peak(w, axis)), axis)))


def onehot(logits: Array, L: int) -> Array:
    """One in entry L, zero in the others."""
    return (np.arange(logits.shape[-1]) == L).astype(lift(logits).dtype)
