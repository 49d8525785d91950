"""Mutants of the product with the derivative of the sigmoid: one defect each; links are to reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY

mutant = mutants_of("sigmoid_vjp", axis=None)


def _sigmoid(w: Array) -> Array:
    e = np.exp(-np.abs(w))
    return np.asarray(np.where(w >= 0, np.ones_like(e), e) / (1 + e))


def _derivative(w: Array) -> Array:
    return _sigmoid(w) * _sigmoid(-w)


def _sound(x: Array, g: Array) -> Array:
    """The sound sigmoid_vjp, in the format of the computation."""
    return np.asarray(lift(g) * _derivative(lift(x)))


plant = contract.planter(__name__, mutant, _sound)


# The derivative


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def sigmoid_vjp_by_growing_squares(x: Array, g: Array) -> Array:
    """exp(-x) / (1 + exp(-x))**2, which is inf / inf: https://github.com/jeshraghian/snntorch/pull/433."""
    e = np.exp(-lift(x))
    return round_like(lift(g) * (e / (1 + e) ** 2), x)


@mutant(fails={"sign": EVERY})
def sigmoid_vjp_of_the_other_sign(x: Array, g: Array) -> Array:
    """s (s - 1): the difference is taken the other way about."""
    return round_like(-_sound(x, g), x)


@mutant(fails={"accuracy": EVERY})
def sigmoid_vjp_of_the_argument(x: Array, g: Array) -> Array:
    """x (1 - x), which takes x for the output: https://github.com/BoltzmannEntropy/interviews.ai/issues/15."""
    w = np.clip(lift(x), -100, 100)
    return round_like(lift(g) * (w * (1 - w)), x)


@mutant(fails={"accuracy": EVERY})
def sigmoid_vjp_of_the_output_twice(x: Array, g: Array) -> Array:
    """The sigmoid is applied to the output again: https://github.com/torch/torch7/issues/232 expects that."""
    return round_like(lift(g) * _derivative(_sigmoid(lift(x))), x)


@mutant(fails={"symmetry": EVERY})
def sigmoid_vjp_squared(x: Array, g: Array) -> Array:
    """s**2 in place of s (1 - s)."""
    return round_like(lift(g) * _sigmoid(lift(x)) ** 2, x)


@mutant(fails={"limits": EVERY})
def sigmoid_vjp_of_a_clipped_output(x: Array, g: Array) -> Array:
    """s is limited to 1e-3 .. 1 - 1e-3, as in https://github.com/keras-team/keras/issues/9247 to 1e-7."""
    s = np.clip(_sigmoid(lift(x)), 1e-3, 1 - 1e-3).astype(lift(x).dtype)
    return round_like(lift(g) * (s * (1 - s)), x)


# The cotangent


@mutant(fails={"accuracy": EVERY})
def sigmoid_vjp_without_its_cotangent(x: Array, g: Array) -> Array:
    """The derivative alone: it is not multiplied by the cotangent."""
    return round_like(_derivative(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def sigmoid_vjp_of_a_clipped_cotangent(x: Array, g: Array) -> Array:
    """The cotangent is limited to -1 .. 1, as gradients are clipped."""
    return round_like(np.clip(lift(g), -1, 1) * _derivative(lift(x)), x)


# The contract

plant(
    sigmoid_vjp_subnormals_flushed=contract.flushed,
    sigmoid_vjp_through_float32=contract.through_float32,
    sigmoid_vjp_running_mean=contract.running_mean,
    sigmoid_vjp_strides_ignored=contract.memory_order,
    sigmoid_vjp_storage_offset_ignored=contract.storage_offset,
    sigmoid_vjp_in_place=contract.in_place,
    sigmoid_vjp_buffer_reused=contract.buffer_kept,
    sigmoid_vjp_promoted=contract.promoted,
    sigmoid_vjp_narrowed=contract.narrowed,
    sigmoid_vjp_squeezed=contract.squeezed,
    sigmoid_vjp_dithered=contract.dithered,
    sigmoid_vjp_workspace_kept=contract.workspace_kept,
)
