"""Mutants of the product with the derivative of silu: one defect each; links are to reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, WIDE

mutant = mutants_of("silu_vjp", axis=None)


def _sigmoid(w: Array) -> Array:
    e = np.exp(-np.abs(w))
    return np.asarray(np.where(w >= 0, np.ones_like(e), e) / (1 + e))


def _derivative(w: Array) -> Array:
    return np.asarray(_sigmoid(w) * (1 + w * _sigmoid(-w)))


def _sound(x: Array, g: Array) -> Array:
    """The sound silu_vjp, in the format of the computation."""
    return np.asarray(lift(g) * _derivative(lift(x)))


plant = contract.planter(__name__, mutant, _sound)


# The derivative


@mutant(fails={"finite": EVERY})
def silu_vjp_by_growing_exps(x: Array, g: Array) -> Array:
    """The sigmoid as exp(x) / (1 + exp(x)), which is inf / inf."""
    w = lift(x)
    s = np.exp(w) / (1 + np.exp(w))
    return round_like(lift(g) * (s * (1 + w * (1 - s))), x)


@mutant(fails={"accuracy": EVERY})
def silu_vjp_as_of_the_sigmoid(x: Array, g: Array) -> Array:
    """s (1 - s): x is forgotten."""
    w = lift(x)
    return round_like(lift(g) * (_sigmoid(w) * _sigmoid(-w)), x)


@mutant(fails={"accuracy": EVERY})
def silu_vjp_of_one_term(x: Array, g: Array) -> Array:
    """s alone: the rule of the product is forgotten."""
    return round_like(lift(g) * _sigmoid(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def silu_vjp_without_a_factor(x: Array, g: Array) -> Array:
    """s + x s': the second term has lost its factor s."""
    w = lift(x)
    return round_like(lift(g) * (_sigmoid(w) + w * _sigmoid(-w)), x)


@mutant(fails={"accuracy": WIDE})
def silu_vjp_of_the_output(x: Array, g: Array) -> Array:
    """y + s (1 - y) with y = x s: it cancels y, so that its error grows with x."""
    w = lift(x)
    s = _sigmoid(w)
    y = w * s
    return round_like(lift(g) * (y + s * (1 - y)), x)


@mutant(fails={"symmetry": EVERY})
def silu_vjp_of_the_size(x: Array, g: Array) -> Array:
    """s (1 + abs(x) s'): the sign of x is lost."""
    w = lift(x)
    return round_like(lift(g) * (_sigmoid(w) * (1 + np.abs(w) * _sigmoid(-w))), x)


@mutant(fails={"limits": EVERY})
def silu_vjp_of_a_clipped_sigmoid(x: Array, g: Array) -> Array:
    """The argument of the sigmoid is limited to -10 .. 10."""
    w = lift(x)
    v = np.clip(w, -10, 10)
    return round_like(lift(g) * (_sigmoid(v) * (1 + v * _sigmoid(-v))), x)


# The cotangent


@mutant(fails={"accuracy": EVERY})
def silu_vjp_without_its_cotangent(x: Array, g: Array) -> Array:
    """The derivative alone: it is not multiplied by the cotangent."""
    return round_like(_derivative(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def silu_vjp_of_a_clipped_cotangent(x: Array, g: Array) -> Array:
    """The cotangent is limited to -1 .. 1, as gradients are clipped."""
    return round_like(np.clip(lift(g), -1, 1) * _derivative(lift(x)), x)


# The contract

plant(
    silu_vjp_subnormals_flushed=contract.flushed,
    silu_vjp_through_float32=contract.through_float32,
    silu_vjp_running_mean=contract.running_mean,
    silu_vjp_strides_ignored=contract.memory_order,
    silu_vjp_storage_offset_ignored=contract.storage_offset,
    silu_vjp_in_place=contract.in_place,
    silu_vjp_buffer_reused=contract.buffer_kept,
    silu_vjp_promoted=contract.promoted,
    silu_vjp_narrowed=contract.narrowed,
    silu_vjp_squeezed=contract.squeezed,
    silu_vjp_dithered=contract.dithered,
    silu_vjp_workspace_kept=contract.workspace_kept,
)
