"""Mutants of the product with the derivative of softplus: one defect each; links are to reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY

mutant = mutants_of("softplus_vjp", axis=None)


def _sigmoid(w: Array) -> Array:
    e = np.exp(-np.abs(w))
    return np.asarray(np.where(w >= 0, np.ones_like(e), e) / (1 + e))


def _derivative(w: Array) -> Array:
    return _sigmoid(w)


def _sound(x: Array, g: Array) -> Array:
    """The sound softplus_vjp, in the format of the computation."""
    return np.asarray(lift(g) * _derivative(lift(x)))


plant = contract.planter(__name__, mutant, _sound)


# The derivative


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def softplus_vjp_by_growing_exps(x: Array, g: Array) -> Array:
    """exp(x) / (1 + exp(x)), which is inf / inf: https://github.com/tracel-ai/burn/issues/5373."""
    e = np.exp(lift(x))
    return round_like(lift(g) * (e / (1 + e)), x)


@mutant(fails={"symmetry": EVERY})
def softplus_vjp_zero_where_exp_overflows(x: Array, g: Array) -> Array:
    """0 where exp(x) overflows: https://github.com/tenstorrent/tt-metal/pull/56397."""
    w = lift(x)
    return round_like(lift(g) * np.where(np.isinf(np.exp(w)), 0, _derivative(w)), x)


@mutant(fails={"sign": EVERY})
def softplus_vjp_beyond_zero(x: Array, g: Array) -> Array:
    """1 less a sigmoid that reaches a little beyond 1: https://github.com/sonos/tract/issues/2618."""
    w = lift(x)
    return round_like(lift(g) * (1 - _sigmoid(-w) * (1 + 2 * fmt(w).unit_roundoff)), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def softplus_vjp_of_clipped_inputs(x: Array, g: Array) -> Array:
    """Inputs limited to -10 .. 10: https://github.com/nextgis/qgis_molusce/pull/57 has such a sigmoid."""
    return round_like(lift(g) * _derivative(np.clip(lift(x), -10, 10)), x)


@mutant(fails={"accuracy": EVERY})
def softplus_vjp_multiplied_by_its_divisor(x: Array, g: Array) -> Array:
    """1 + exp(-x), which is not divided by: https://github.com/apache/singa/pull/494."""
    return round_like(lift(g) * (1 + np.exp(-np.clip(lift(x), -5, 5))), x)


@mutant(fails={"accuracy": EVERY})
def softplus_vjp_of_the_negative(x: Array, g: Array) -> Array:
    """The sigmoid of -x: the sign of the exponent is lost."""
    return round_like(lift(g) * _derivative(-lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def softplus_vjp_as_of_the_sigmoid(x: Array, g: Array) -> Array:
    """s (1 - s): differentiated once too often."""
    w = lift(x)
    return round_like(lift(g) * (_sigmoid(w) * _sigmoid(-w)), x)


# The cotangent


@mutant(fails={"accuracy": EVERY})
def softplus_vjp_without_its_cotangent(x: Array, g: Array) -> Array:
    """The derivative alone: it is not multiplied by the cotangent."""
    return round_like(_derivative(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def softplus_vjp_of_a_clipped_cotangent(x: Array, g: Array) -> Array:
    """The cotangent is limited to -1 .. 1, as gradients are clipped."""
    return round_like(np.clip(lift(g), -1, 1) * _derivative(lift(x)), x)


# The contract

plant(
    softplus_vjp_subnormals_flushed=contract.flushed,
    softplus_vjp_through_float32=contract.through_float32,
    softplus_vjp_running_mean=contract.running_mean,
    softplus_vjp_strides_ignored=contract.memory_order,
    softplus_vjp_storage_offset_ignored=contract.storage_offset,
    softplus_vjp_in_place=contract.in_place,
    softplus_vjp_buffer_reused=contract.buffer_kept,
    softplus_vjp_promoted=contract.promoted,
    softplus_vjp_narrowed=contract.narrowed,
    softplus_vjp_squeezed=contract.squeezed,
    softplus_vjp_dithered=contract.dithered,
    softplus_vjp_workspace_kept=contract.workspace_kept,
)
