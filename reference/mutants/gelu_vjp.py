"""Mutants of the product with the derivative of gelu: one defect each; links are to reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.error_function import erfc
from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY

mutant = mutants_of("gelu_vjp", axis=None)

ROOT, PEAK = 0.7071067811865476, 0.3989422804014327  # 1 / sqrt(2), 1 / sqrt(2 pi)


def _phi(w: Array) -> Array:
    v = np.clip(w, -1e3, 1e3)
    return np.asarray(w.dtype.type(PEAK) * np.exp(-v * v / 2))


def _normal(w: Array) -> Array:
    return np.asarray(erfc(-w * w.dtype.type(ROOT)) / 2)


def _derivative(w: Array) -> Array:
    return np.asarray(_normal(w) + w * _phi(w))


def _sound(x: Array, g: Array) -> Array:
    """The sound gelu_vjp, in the format of the computation."""
    return np.asarray(lift(g) * _derivative(lift(x)))


plant = contract.planter(__name__, mutant, _sound)


# The derivative


@mutant(fails={"finite": EVERY})
def gelu_vjp_by_a_growing_density(x: Array, g: Array) -> Array:
    """phi as exp(x**2 / 2) / exp(x**2), which is inf / inf."""
    w = lift(x)
    v = np.clip(w, -1e3, 1e3)
    grown = np.exp(v * v / 2)
    return round_like(lift(g) * (_normal(w) + w * (w.dtype.type(PEAK) * grown / np.exp(v * v))), x)


@mutant(fails={"accuracy": EVERY})
def gelu_vjp_of_one_term(x: Array, g: Array) -> Array:
    """Phi(x) alone: the rule of the product is forgotten."""
    return round_like(lift(g) * _normal(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def gelu_vjp_without_x(x: Array, g: Array) -> Array:
    """Phi(x) + phi(x): the second term has lost its factor."""
    w = lift(x)
    return round_like(lift(g) * (_normal(w) + _phi(w)), x)


@mutant(fails={"accuracy": EVERY})
def gelu_vjp_without_the_peak(x: Array, g: Array) -> Array:
    """exp(-x**2 / 2) in place of phi: it is not divided by sqrt(2 pi)."""
    w = lift(x)
    return round_like(lift(g) * (_normal(w) + w * (_phi(w) / w.dtype.type(PEAK))), x)


@mutant(fails={"accuracy": EVERY})
def gelu_vjp_of_a_wider_density(x: Array, g: Array) -> Array:
    """exp(-x**2 / 4): the root of two is taken twice."""
    w = lift(x)
    return round_like(lift(g) * (_normal(w) + w * _phi(w * w.dtype.type(ROOT))), x)


@mutant(fails={"symmetry": EVERY})
def gelu_vjp_of_the_size(x: Array, g: Array) -> Array:
    """abs(x) phi(x): the sign of x is lost."""
    w = lift(x)
    return round_like(lift(g) * (_normal(w) + np.abs(w) * _phi(w)), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def gelu_vjp_of_clipped_inputs(x: Array, g: Array) -> Array:
    """Inputs limited to -3 .. 3."""
    return round_like(lift(g) * _derivative(np.clip(lift(x), -3, 3)), x)


# The cotangent


@mutant(fails={"accuracy": EVERY})
def gelu_vjp_without_its_cotangent(x: Array, g: Array) -> Array:
    """The derivative alone: it is not multiplied by the cotangent."""
    return round_like(_derivative(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def gelu_vjp_of_a_clipped_cotangent(x: Array, g: Array) -> Array:
    """The cotangent is limited to -1 .. 1, as gradients are clipped."""
    return round_like(np.clip(lift(g), -1, 1) * _derivative(lift(x)), x)


# The contract

plant(
    gelu_vjp_subnormals_flushed=contract.flushed,
    gelu_vjp_through_float32=contract.through_float32,
    gelu_vjp_running_mean=contract.running_mean,
    gelu_vjp_strides_ignored=contract.memory_order,
    gelu_vjp_storage_offset_ignored=contract.storage_offset,
    gelu_vjp_in_place=contract.in_place,
    gelu_vjp_buffer_reused=contract.buffer_kept,
    gelu_vjp_promoted=contract.promoted,
    gelu_vjp_narrowed=contract.narrowed,
    gelu_vjp_squeezed=contract.squeezed,
    gelu_vjp_dithered=contract.dithered,
    gelu_vjp_workspace_kept=contract.workspace_kept,
)
