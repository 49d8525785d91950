"""Mutants of gelu by tanh: one defect each, most of them mistakes that people made; the links are to the reports."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.error_function import erfc
from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, WIDE

mutant = mutants_of("gelu_tanh", axis=None)

ROOT, CUBED = 0.7978845608028654, 0.044715


def _argument(w: Array, root: float = ROOT, cubed: float = CUBED) -> Array:
    v = np.clip(w, -1e4, 1e4)
    return np.asarray(w.dtype.type(root) * (v + w.dtype.type(cubed) * v**3))


def _sound(x: Array) -> Array:
    """The sound gelu_tanh, in the format of the computation."""
    w = lift(x)
    e = np.exp(-2 * np.abs(_argument(w)))
    return np.asarray(w * (np.where(w >= 0, np.ones_like(e), e) / (1 + e)))


plant = contract.planter(__name__, mutant, _sound)


# The tanh


@mutant(fails={"finite": EVERY})
def gelu_of_a_tanh_by_growing_exps(x: Array) -> Array:
    """tanh(p) by exp(2 p), which is inf / inf from x = 10 on: https://github.com/pytorch/pytorch/pull/186286."""
    w = lift(x)
    grown = np.exp(2 * _argument(w))
    return round_like(w / 2 * (1 + (grown - 1) / (grown + 1)), x)


@mutant(fails={"sign": EVERY})
def gelu_of_a_tanh_beyond_one(x: Array) -> Array:
    """A tanh that ends at 1.044: https://github.com/Tencent/ncnn/pull/6979."""
    w = lift(x)
    return round_like(w / 2 * (1 + w.dtype.type(1.044) * np.tanh(_argument(w))), x)


@mutant(fails={"monotone": EVERY})
def gelu_tanh_zero_far_out(x: Array) -> Array:
    """0 where exp(2 p) overflows: NaN is replaced by it, and not avoided."""
    w = lift(x)
    return round_like(np.where(np.isinf(np.exp(2 * _argument(w))), 0, _sound(x)), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def gelu_of_a_clipped_tanh(x: Array) -> Array:
    """The argument of tanh is limited to -3 .. 3."""
    w = lift(x)
    return round_like(w / 2 * (1 + np.tanh(np.clip(_argument(w), -3, 3))), x)


@mutant(fails={"symmetry": EVERY})
def gelu_of_an_even_tanh(x: Array) -> Array:
    """tanh(abs(p)): the sign is not given back."""
    w = lift(x)
    return round_like(w / 2 * (1 + np.abs(np.tanh(_argument(w)))), x)


# Another formula


@mutant(fails={"accuracy": WIDE})
def gelu_by_erf(x: Array) -> Array:
    """The exact form in place of that by tanh: https://github.com/chelsea0x3b/dfdx/issues/804 the other way about."""
    w = lift(x)
    return round_like(w / 2 * erfc(-w * w.dtype.type(0.7071067811865476)), x)


@mutant(fails={"accuracy": EVERY})
def gelu_tanh_by_a_sigmoid(x: Array) -> Array:
    """x sigmoid(1.702 x): https://github.com/ROCm/AMDMIGraphX/issues/2542."""
    w = lift(x)
    return round_like(w / (1 + np.exp(-np.clip(w, -30, 30) * w.dtype.type(1.702))), x)


@mutant(fails={"accuracy": EVERY})
def gelu_with_a_tenth_of_the_cube(x: Array) -> Array:
    """0.0044715: a zero too many."""
    w = lift(x)
    return round_like(w / 2 * (1 + np.tanh(_argument(w, cubed=CUBED / 10))), x)


@mutant(fails={"accuracy": ("float64",)})
def gelu_with_a_short_constant(x: Array) -> Array:
    """0.797885 for sqrt(2 / pi), in float64 too: https://github.com/Oneflow-Inc/oneflow/pull/9343."""
    w = lift(x)
    return round_like(w / 2 * (1 + np.tanh(_argument(w, root=0.797885))), x)


@mutant(fails={"accuracy": EVERY})
def gelu_without_the_root(x: Array) -> Array:
    """tanh(x + 0.044715 x**3): the factor sqrt(2 / pi) is forgotten."""
    w = lift(x)
    return round_like(w / 2 * (1 + np.tanh(_argument(w, root=1.0))), x)


# The contract

plant(
    gelu_tanh_subnormals_flushed=contract.flushed,
    gelu_tanh_through_float32=contract.through_float32,
    gelu_tanh_running_mean=contract.running_mean,
    gelu_tanh_strides_ignored=contract.memory_order,
    gelu_tanh_storage_offset_ignored=contract.storage_offset,
    gelu_tanh_in_place=contract.in_place,
    gelu_tanh_buffer_reused=contract.buffer_kept,
    gelu_tanh_promoted=contract.promoted,
    gelu_tanh_narrowed=contract.narrowed,
    gelu_tanh_squeezed=contract.squeezed,
    gelu_tanh_dithered=contract.dithered,
    gelu_tanh_workspace_kept=contract.workspace_kept,
)
