"""Mutants of softplus: one defect each, most of them mistakes that people made; the links are to their reports."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, WIDE

mutant = mutants_of("softplus", axis=None)


def _sound(x: Array) -> Array:
    """The sound softplus, in the format of the computation."""
    w = lift(x)
    return np.asarray(np.maximum(w, 0) + np.log1p(np.exp(-np.abs(w))))


plant = contract.planter(__name__, mutant, _sound)


# The exponential


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def logarithm_of_a_growing_sum(x: Array) -> Array:
    """log(1 + exp(x)), which is infinite, as in https://github.com/tracel-ai/burn/issues/5373."""
    return round_like(np.log(1 + np.exp(lift(x))), x)


@mutant(fails={"finite": EVERY})
def softplus_by_a_reciprocal(x: Array) -> Array:
    """x + log(1 + 1 / exp(x)), infinite where exp is 0: https://github.com/rushter/MLAlgorithms/pull/31."""
    w = lift(x)
    return round_like(w + np.log(1 + 1 / np.exp(w)), x)


@mutant(fails={"monotone": EVERY})
def softplus_zero_where_exp_overflows(x: Array) -> Array:
    """0 where exp(x) overflows, as in https://github.com/sbryngelson/ANEForge/issues/113."""
    return round_like(np.where(np.isinf(np.exp(lift(x))), 0, _sound(x)), x)


@mutant(fails={"symmetry": EVERY}, cause="values clipped")
def softplus_of_limited_exponents(x: Array) -> Array:
    """log1p(exp(min(x, 80))): the exponential is limited, and the value with it."""
    return round_like(np.log1p(np.exp(np.minimum(lift(x), 80))), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def softplus_of_clipped_inputs(x: Array) -> Array:
    """Inputs limited to -35 .. 35: https://github.com/CompPhysVienna/n2p2/pull/14."""
    return round_like(np.log1p(np.exp(np.clip(lift(x), -35, 35))), x)


# Thresholds


@mutant(fails={"threshold": ("float64",)})
def softplus_is_x_from_sixteen_on(x: Array) -> Array:
    """x beyond 16, even in float64: https://github.com/aesara-devs/aesara/issues/260."""
    w = lift(x)
    return round_like(np.where(w > 16, w, _sound(x)), x)


@mutant(fails={"accuracy": WIDE})
def softplus_is_x_from_five_on(x: Array) -> Array:
    """x beyond 5, a threshold as in https://github.com/mlpack/mlpack/pull/2371, chosen far too low."""
    w = lift(x)
    return round_like(np.where(w > 5, w, _sound(x)), x)


# Another formula


@mutant(fails={"range": EVERY})
def softplus_with_an_epsilon_taken_off(x: Array) -> Array:
    """log(1 + exp(x) - 1e-6): the epsilon has the wrong sign."""
    w = np.minimum(lift(x), 80)
    return round_like(np.where(lift(x) > 80, lift(x), np.log(1 + np.exp(w) - 1e-6)), x)


@mutant(fails={"accuracy": EVERY})
def softplus_with_the_logarithm_taken_off(x: Array) -> Array:
    """x - log(1 + exp(-x)) from 0 on, as was proposed in https://github.com/openvinotoolkit/openvino/pull/4932."""
    w = lift(x)
    gained = np.log1p(np.exp(-np.abs(w)))
    return round_like(np.where(w >= 0, np.abs(w - gained), gained), x)


@mutant(fails={"accuracy": EVERY})
def softplus_of_base_two(x: Array) -> Array:
    """log2(1 + 2**x), without the factor log 2 of either."""
    return round_like(np.logaddexp2(lift(x), np.zeros_like(lift(x))), x)


# The contract

plant(
    softplus_subnormals_flushed=contract.flushed,
    softplus_through_float32=contract.through_float32,
    softplus_running_mean=contract.running_mean,
    softplus_strides_ignored=contract.memory_order,
    softplus_storage_offset_ignored=contract.storage_offset,
    softplus_in_place=contract.in_place,
    softplus_buffer_reused=contract.buffer_kept,
    softplus_promoted=contract.promoted,
    softplus_narrowed=contract.narrowed,
    softplus_squeezed=contract.squeezed,
    softplus_dithered=contract.dithered,
    softplus_workspace_kept=contract.workspace_kept,
)
