"""Mutants of the derivative of the binary cross-entropy of logits: one defect each; links are to reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY

mutant = mutants_of("bce_with_logits_gradient", axis=None)


def _sigmoid(w: Array) -> Array:
    e = np.exp(-np.abs(w))
    return np.asarray(np.where(w >= 0, np.ones_like(e), e) / (1 + e))


def _sound(x: Array, y: Array) -> Array:
    """The sound gradient, in the format of the computation."""
    w, t = lift(x), lift(y)
    return np.asarray(np.where(t >= 0.5, (1 - t) - _sigmoid(-w), _sigmoid(w) - t))


plant = contract.planter(__name__, mutant, _sound)


# The exponential


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def bce_gradient_by_growing_exps(x: Array, y: Array) -> Array:
    """exp(x) / (1 + exp(x)) - y, which is inf / inf: https://github.com/FederatedAI/FATE/issues/65."""
    e = np.exp(lift(x))
    return round_like(e / (1 + e) - lift(y), x)


@mutant(fails={"symmetry": EVERY})
def bce_gradient_half_where_exp_overflows(x: Array, y: Array) -> Array:
    """The sigmoid is 0.5 where exp(x) overflows: https://github.com/clab/dynet/issues/1525."""
    w = lift(x)
    return round_like(np.where(np.isinf(np.exp(w)), w.dtype.type(0.5) - lift(y), _sound(x, y)), x)


@mutant(fails={"limits": EVERY})
def bce_gradient_of_clipped_inputs(x: Array, y: Array) -> Array:
    """Inputs limited to -10 .. 10."""
    return round_like(_sound(np.clip(lift(x), -10, 10), y), x)


# Another formula


@mutant(fails={"range": EVERY})
def bce_gradient_by_the_sigmoid(x: Array, y: Array) -> Array:
    """(s - y) / (s (1 - s)): the derivative with respect to s is handed on."""
    w = np.clip(lift(x), -8, 8)
    s = _sigmoid(w)
    return round_like((s - lift(y)) / (s * _sigmoid(-w)), x)


@mutant(fails={"accuracy": EVERY})
def bce_gradient_of_the_other_sign(x: Array, y: Array) -> Array:
    """y - s: it points downhill."""
    return round_like(-_sound(x, y), x)


@mutant(fails={"accuracy": EVERY})
def bce_gradient_without_its_target(x: Array, y: Array) -> Array:
    """s: the target is forgotten."""
    return round_like(_sigmoid(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def bce_gradient_times_a_slope(x: Array, y: Array) -> Array:
    """(s - y) s (1 - s), as of squared errors: https://github.com/Bot-Academy/NeuralNetworkFromScratch/pull/3."""
    w = lift(x)
    return round_like(_sound(x, y) * (_sigmoid(w) * _sigmoid(-w)), x)


@mutant(fails={"accuracy": EVERY})
def bce_gradient_of_the_logit(x: Array, y: Array) -> Array:
    """x - y: the sigmoid is forgotten."""
    return round_like(np.clip(lift(x), -8, 8) - lift(y), x)


@mutant(fails={"accuracy": EVERY})
def bce_gradient_of_rounded_targets(x: Array, y: Array) -> Array:
    """The targets are rounded to labels, as where they are cast to integers."""
    return round_like(_sound(x, np.rint(lift(y))), x)


@mutant(fails={"accuracy": EVERY})
def bce_gradient_doubled(x: Array, y: Array) -> Array:
    """2 (s - y), limited to -1 .. 1, as of squared errors."""
    return round_like(np.clip(2 * _sound(x, y), -1, 1), x)


# The contract

plant(
    bce_with_logits_gradient_subnormals_flushed=contract.flushed,
    bce_with_logits_gradient_through_float32=contract.through_float32,
    bce_with_logits_gradient_running_mean=contract.running_mean,
    bce_with_logits_gradient_strides_ignored=contract.memory_order,
    bce_with_logits_gradient_storage_offset_ignored=contract.storage_offset,
    bce_with_logits_gradient_in_place=contract.in_place,
    bce_with_logits_gradient_buffer_reused=contract.buffer_kept,
    bce_with_logits_gradient_promoted=contract.promoted,
    bce_with_logits_gradient_narrowed=contract.narrowed,
    bce_with_logits_gradient_squeezed=contract.squeezed,
    bce_with_logits_gradient_dithered=contract.dithered,
    bce_with_logits_gradient_workspace_kept=contract.workspace_kept,
)
