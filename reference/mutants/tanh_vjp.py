"""Mutants of the product with the derivative of tanh: one defect each; links are to reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, WIDE

mutant = mutants_of("tanh_vjp", axis=None)


def _derivative(w: Array) -> Array:
    e = np.exp(-2 * np.abs(w))
    return np.asarray(4 * e / (1 + e) ** 2)


def _sound(x: Array, g: Array) -> Array:
    """The sound tanh_vjp, in the format of the computation."""
    return np.asarray(lift(g) * _derivative(lift(x)))


plant = contract.planter(__name__, mutant, _sound)


# The derivative


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def tanh_vjp_by_growing_squares(x: Array, g: Array) -> Array:
    """4 exp(2 x) / (1 + exp(2 x))**2, which is inf / inf: https://github.com/jax-ml/jax/issues/764."""
    e = np.exp(2 * lift(x))
    return round_like(lift(g) * (4 * e / (1 + e) ** 2), x)


@mutant(fails={"sign": EVERY})
def tanh_vjp_of_a_tanh_beyond_one(x: Array, g: Array) -> Array:
    """A tanh that reaches 1 + 2 u: https://github.com/tensorflow/tensorflow/issues/35435."""
    t = np.tanh(lift(x)) * (1 + 2 * fmt(lift(x)).unit_roundoff)
    return round_like(lift(g) * (1 - t * t), x)


@mutant(fails={"accuracy": EVERY})
def tanh_vjp_with_a_plus(x: Array, g: Array) -> Array:
    """1 + tanh(x)**2, which is of tan: https://github.com/nicodjimenez/lstm/issues/41."""
    return round_like(lift(g) * (1 + np.tanh(lift(x)) ** 2), x)


@mutant(fails={"accuracy": EVERY})
def tanh_vjp_without_the_one(x: Array, g: Array) -> Array:
    """-tanh(x)**2: https://github.com/scutan90/DeepLearning-500-questions/issues/544."""
    return round_like(-lift(g) * np.tanh(lift(x)) ** 2, x)


@mutant(fails={"accuracy": EVERY})
def tanh_vjp_without_its_brackets(x: Array, g: Array) -> Array:
    """g - tanh(x)**2: https://github.com/apache/tvm/pull/7340."""
    return round_like(lift(g) - np.tanh(lift(x)) ** 2, x)


@mutant(fails={"accuracy": WIDE})
def tanh_vjp_without_its_divisor(x: Array, g: Array) -> Array:
    """4 exp(-2 abs(x)) from 3 on: https://github.com/tenstorrent/tt-metal/issues/55349."""
    w = lift(x)
    return round_like(lift(g) * np.where(np.abs(w) > 3, 4 * np.exp(-2 * np.abs(w)), _derivative(w)), x)


@mutant(fails={"symmetry": EVERY})
def tanh_vjp_of_one_factor(x: Array, g: Array) -> Array:
    """1 - t in place of (1 - t) (1 + t)."""
    return round_like(lift(g) * (1 - np.tanh(lift(x))), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def tanh_vjp_of_clipped_inputs(x: Array, g: Array) -> Array:
    """Inputs limited to -5 .. 5."""
    return round_like(lift(g) * _derivative(np.clip(lift(x), -5, 5)), x)


# The cotangent


@mutant(fails={"accuracy": EVERY})
def tanh_vjp_without_its_cotangent(x: Array, g: Array) -> Array:
    """The derivative alone: it is not multiplied by the cotangent."""
    return round_like(_derivative(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def tanh_vjp_of_a_clipped_cotangent(x: Array, g: Array) -> Array:
    """The cotangent is limited to -1 .. 1, as gradients are clipped."""
    return round_like(np.clip(lift(g), -1, 1) * _derivative(lift(x)), x)


# The contract

plant(
    tanh_vjp_subnormals_flushed=contract.flushed,
    tanh_vjp_through_float32=contract.through_float32,
    tanh_vjp_running_mean=contract.running_mean,
    tanh_vjp_strides_ignored=contract.memory_order,
    tanh_vjp_storage_offset_ignored=contract.storage_offset,
    tanh_vjp_in_place=contract.in_place,
    tanh_vjp_buffer_reused=contract.buffer_kept,
    tanh_vjp_promoted=contract.promoted,
    tanh_vjp_narrowed=contract.narrowed,
    tanh_vjp_squeezed=contract.squeezed,
    tanh_vjp_dithered=contract.dithered,
    tanh_vjp_workspace_kept=contract.workspace_kept,
)
