"""Mutants of silu: one defect each, most of them mistakes that people made; the links are to the reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, NARROW

mutant = mutants_of("silu", axis=None)


def _sigmoid(w: Array) -> Array:
    e = np.exp(-np.abs(w))
    return np.asarray(np.where(w >= 0, np.ones_like(e), e) / (1 + e))


def _sound(x: Array) -> Array:
    """The sound silu, in the format of the computation."""
    w = lift(x)
    return w * _sigmoid(w)


plant = contract.planter(__name__, mutant, _sound)


# The exponential


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def silu_by_growing_exps(x: Array) -> Array:
    """x exp(x) / (1 + exp(x)), inf / inf, without the guard of https://github.com/ggml-org/llama.cpp/pull/17344."""
    w = lift(x)
    e = np.exp(w)
    return round_like(w * e / (1 + e), x)


@mutant(fails={"monotone": EVERY})
def silu_zero_where_exp_overflows(x: Array) -> Array:
    """0 where exp(x) overflows: NaN is replaced by it, and not avoided."""
    return round_like(np.where(np.isinf(np.exp(lift(x))), 0, _sound(x)), x)


@mutant(fails={"symmetry": EVERY})
def silu_half_where_exp_overflows(x: Array) -> Array:
    """x / 2 where exp(x) overflows: its sigmoid is that of https://github.com/clab/dynet/issues/1525."""
    w = lift(x)
    return round_like(np.where(np.isinf(np.exp(w)), w / 2, _sound(x)), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def silu_of_a_clipped_sigmoid(x: Array) -> Array:
    """The argument of the sigmoid is limited to -10 .. 10, as in https://github.com/harvard-edge/cs249r_book/pull/1140."""
    w = lift(x)
    return round_like(w * _sigmoid(np.clip(w, -10, 10)), x)


# The small end


@mutant(fails={"sign": EVERY})
def silu_of_a_sigmoid_beyond_zero(x: Array) -> Array:
    """The sigmoid reaches a little below 0, as in https://github.com/sonos/tract/issues/2618."""
    w = lift(x)
    odd = np.tanh(w / 2) / 2
    return round_like(w * (odd * (1 + 2 * fmt(w).unit_roundoff) + w.dtype.type(0.5)), x)


@mutant(fails={"accuracy": NARROW})
def silu_by_a_difference(x: Array) -> Array:
    """The small side is 1 - sigmoid(-x), in 16 bits: https://github.com/skyzh/tiny-llm/pull/164."""
    e = np.exp(-np.abs(x))
    large = 1 / (1 + e)
    return (x * np.where(x >= 0, large, 1 - large)).astype(x.dtype)


# Another formula


@mutant(fails={"accuracy": EVERY})
def hard_silu(x: Array) -> Array:
    """x min(max(x + 3, 0), 6) / 6, which is hardswish."""
    w = lift(x)
    return round_like(w * (np.clip(w + 3, 0, 6) / 6), x)


@mutant(fails={"accuracy": EVERY})
def silu_with_the_factor_of_gelu(x: Array) -> Array:
    """x sigmoid(1.702 x), which approximates gelu."""
    w = lift(x)
    return round_like(w * _sigmoid(np.clip(w, -1e4, 1e4) * w.dtype.type(1.702)), x)


@mutant(fails={"accuracy": EVERY})
def silu_of_the_opposite_sigmoid(x: Array) -> Array:
    """x sigmoid(-x): the sign of the exponent is lost."""
    w = lift(x)
    return round_like(w * _sigmoid(-w), x)


@mutant(fails={"accuracy": EVERY})
def sigmoid_in_place_of_silu(x: Array) -> Array:
    """sigmoid(x): the factor x is forgotten."""
    return round_like(_sigmoid(lift(x)), x)


@mutant(fails={"accuracy": EVERY})
def silu_of_a_tanh_beyond_one(x: Array) -> Array:
    """A tanh that ends at 1.044: https://github.com/Tencent/ncnn/pull/6979."""
    w = lift(x)
    return round_like(w * (np.maximum(1 + np.tanh(w / 2) * w.dtype.type(1.044), 0) / 2), x)


# The contract

plant(
    silu_subnormals_flushed=contract.flushed,
    silu_through_float32=contract.through_float32,
    silu_running_mean=contract.running_mean,
    silu_strides_ignored=contract.memory_order,
    silu_storage_offset_ignored=contract.storage_offset,
    silu_in_place=contract.in_place,
    silu_buffer_reused=contract.buffer_kept,
    silu_promoted=contract.promoted,
    silu_narrowed=contract.narrowed,
    silu_squeezed=contract.squeezed,
    silu_dithered=contract.dithered,
    silu_workspace_kept=contract.workspace_kept,
)
