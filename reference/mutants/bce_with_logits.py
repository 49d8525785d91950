"""Mutants of the binary cross-entropy of logits: one defect each; the links are to reports of such mistakes."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY

mutant = mutants_of("bce_with_logits", axis=None)


def _sigmoid(w: Array) -> Array:
    e = np.exp(-np.abs(w))
    return np.asarray(np.where(w >= 0, np.ones_like(e), e) / (1 + e))


def _softplus(w: Array) -> Array:
    return np.asarray(np.maximum(w, 0) + np.log1p(np.exp(-np.abs(w))))


def _sound(x: Array, y: Array) -> Array:
    """The sound loss, in the format of the computation."""
    w, t = lift(x), lift(y)
    return np.asarray((1 - t) * _softplus(w) + t * _softplus(-w))


plant = contract.planter(__name__, mutant, _sound)


# Logarithms of sigmoids


@mutant(fails={"finite": EVERY})
def bce_of_logarithms(x: Array, y: Array) -> Array:
    """-y log(s) - (1 - y) log(1 - s): https://github.com/huggingface/candle/issues/2561."""
    s, t = _sigmoid(lift(x)), lift(y)
    return round_like(-t * np.log(s) - (1 - t) * np.log(1 - s), x)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def bce_of_a_growing_sum(x: Array, y: Array) -> Array:
    """log(1 + exp(x)) - x y, which is infinite: https://github.com/tracel-ai/burn/issues/5373."""
    w = lift(x)
    return round_like(np.log(1 + np.exp(w)) - w * lift(y), x)


@mutant(fails={"accuracy": EVERY})
def bce_of_a_clipped_sigmoid(x: Array, y: Array) -> Array:
    """s is limited to 1e-7 .. 1 - 1e-7: https://github.com/keras-team/keras/issues/9247."""
    s, t = _sigmoid(lift(x)).astype(np.float64), lift(y)
    s = np.clip(s, 1e-7, 1 - 1e-7)
    return round_like(-t * np.log(s) - (1 - t) * np.log1p(-s), x)


@mutant(fails={"limits": EVERY})
def bce_with_an_epsilon(x: Array, y: Array) -> Array:
    """1e-6 is added to the loss, so that it is not 0."""
    return round_like(_sound(x, y) + 1e-6, x)


# Another formula


@mutant(fails={"accuracy": EVERY})
def bce_of_the_other_label(x: Array, y: Array) -> Array:
    """softplus(-x) + x y: y and 1 - y are exchanged."""
    return round_like(_sound(-x, y), x)


@mutant(fails={"accuracy": EVERY})
def bce_of_one_label(x: Array, y: Array) -> Array:
    """-y log(s): the term of the label 0 is forgotten."""
    return round_like(lift(y) * _softplus(-lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def bce_of_a_sigmoid_of_a_sigmoid(x: Array, y: Array) -> Array:
    """The sigmoid is taken of x beforehand, as where a model ends with one already."""
    return round_like(_sound(_sigmoid(lift(x)), lift(y)), x)


@mutant(fails={"symmetry": EVERY})
def bce_of_the_size(x: Array, y: Array) -> Array:
    """max(x, 0) - abs(x) y: the sign of x is lost."""
    w = np.abs(lift(x))
    return round_like(_sound(w, lift(y)), x)


@mutant(fails={"accuracy": EVERY})
def bce_without_its_logarithm(x: Array, y: Array) -> Array:
    """max(x, 0) - x y, as of a hinge."""
    w = lift(x)
    return round_like(np.maximum(w, 0) - w * lift(y), x)


@mutant(fails={"accuracy": EVERY})
def bce_of_base_two(x: Array, y: Array) -> Array:
    """In bits, not in nats."""
    return round_like(_sound(x, y) * 1.4426950408889634, x)


# The contract

plant(
    bce_with_logits_subnormals_flushed=contract.flushed,
    bce_with_logits_through_float32=contract.through_float32,
    bce_with_logits_running_mean=contract.running_mean,
    bce_with_logits_strides_ignored=contract.memory_order,
    bce_with_logits_storage_offset_ignored=contract.storage_offset,
    bce_with_logits_in_place=contract.in_place,
    bce_with_logits_buffer_reused=contract.buffer_kept,
    bce_with_logits_promoted=contract.promoted,
    bce_with_logits_narrowed=contract.narrowed,
    bce_with_logits_squeezed=contract.squeezed,
    bce_with_logits_dithered=contract.dithered,
    bce_with_logits_workspace_kept=contract.workspace_kept,
)
