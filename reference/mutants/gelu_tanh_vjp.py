"""Mutants of the product with the derivative of gelu by tanh: one defect each; links are to reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, WIDE

mutant = mutants_of("gelu_tanh_vjp", axis=None)

ROOT, CUBED = 0.7978845608028654, 0.044715
END = 30


def _by_tanh(w: Array, of_cube: float = 3.0, of_second: float = 1.0) -> Array:
    v = np.clip(w, -END, END)
    root, cubed = w.dtype.type(ROOT), w.dtype.type(CUBED)
    t = np.tanh(root * (v + cubed * v**3))
    return np.asarray((1 + t) / 2 + v * of_second * (1 - t * t) / 2 * (root * (1 + of_cube * cubed * v * v)))


def _derivative(w: Array) -> Array:
    v = np.clip(w, -END, END)
    root, cubed = w.dtype.type(2 * ROOT), w.dtype.type(CUBED)
    e = np.exp(-np.abs(root * (v + cubed * v**3)))
    large, small = 1 / (1 + e), e / (1 + e)
    s, opposite = np.where(v >= 0, large, small), np.where(v >= 0, small, large)
    return np.asarray(s * (1 + v * (root * (1 + 3 * cubed * v * v)) * opposite))


def _sound(x: Array, g: Array) -> Array:
    """The sound gelu_tanh_vjp, in the format of the computation."""
    return np.asarray(lift(g) * _derivative(lift(x)))


plant = contract.planter(__name__, mutant, _sound)


# The derivative


@mutant(fails={"finite": EVERY})
def gelu_tanh_vjp_of_unlimited_squares(x: Array, g: Array) -> Array:
    """0 times infinity where x**2 overflows: https://github.com/facebookresearch/fairseq/issues/2235."""
    root, cubed = x.dtype.type(ROOT), x.dtype.type(CUBED)
    t = np.tanh(root * (x + cubed * (x * x * x)))
    rest = (1 - t * t) * (root * (1 + x.dtype.type(3) * cubed * (x * x)))
    return round_like(g * ((1 + t) / x.dtype.type(2) + x / x.dtype.type(2) * rest), x)


@mutant(fails={"accuracy": EVERY})
def gelu_tanh_vjp_of_one_term(x: Array, g: Array) -> Array:
    """(1 + t) / 2 alone: the rule of the product is forgotten."""
    return round_like(lift(g) * _by_tanh(lift(x), of_second=0.0), x)


@mutant(fails={"accuracy": EVERY})
def gelu_tanh_vjp_of_half_the_second_term(x: Array, g: Array) -> Array:
    """The second term is halved twice."""
    return round_like(lift(g) * _by_tanh(lift(x), of_second=0.5), x)


@mutant(fails={"accuracy": (*WIDE, "float16")})
def gelu_tanh_vjp_without_the_three(x: Array, g: Array) -> Array:
    """1 + 0.044715 x**2: the exponent of the cube is not brought down."""
    return round_like(lift(g) * _by_tanh(lift(x), of_cube=1.0), x)


@mutant(fails={"symmetry": EVERY})
def gelu_tanh_vjp_of_the_size(x: Array, g: Array) -> Array:
    """abs(x) in the second term: its sign is lost."""
    w = lift(x)
    first = _by_tanh(w, of_second=0.0)
    return round_like(lift(g) * (first + np.abs(_derivative(w) - first)), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def gelu_tanh_vjp_of_clipped_inputs(x: Array, g: Array) -> Array:
    """Inputs limited to -3 .. 3."""
    return round_like(lift(g) * _derivative(np.clip(lift(x), -3, 3)), x)


# The cotangent


@mutant(fails={"accuracy": EVERY})
def gelu_tanh_vjp_without_its_cotangent(x: Array, g: Array) -> Array:
    """The derivative alone: it is not multiplied by the cotangent."""
    return round_like(_derivative(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def gelu_tanh_vjp_of_a_clipped_cotangent(x: Array, g: Array) -> Array:
    """The cotangent is limited to -1 .. 1, as gradients are clipped."""
    return round_like(np.clip(lift(g), -1, 1) * _derivative(lift(x)), x)


# The contract

plant(
    gelu_tanh_vjp_subnormals_flushed=contract.flushed,
    gelu_tanh_vjp_through_float32=contract.through_float32,
    gelu_tanh_vjp_running_mean=contract.running_mean,
    gelu_tanh_vjp_strides_ignored=contract.memory_order,
    gelu_tanh_vjp_storage_offset_ignored=contract.storage_offset,
    gelu_tanh_vjp_in_place=contract.in_place,
    gelu_tanh_vjp_buffer_reused=contract.buffer_kept,
    gelu_tanh_vjp_promoted=contract.promoted,
    gelu_tanh_vjp_narrowed=contract.narrowed,
    gelu_tanh_vjp_squeezed=contract.squeezed,
    gelu_tanh_vjp_dithered=contract.dithered,
    gelu_tanh_vjp_workspace_kept=contract.workspace_kept,
)
