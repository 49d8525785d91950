"""Mutants of log_sigmoid: one defect each, most of them mistakes that people made; the links are to the reports."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY

mutant = mutants_of("log_sigmoid", axis=None)


def _sound(x: Array) -> Array:
    """The sound log_sigmoid, in the format of the computation."""
    w = lift(x)
    return np.asarray(np.minimum(w, 0) - np.log1p(np.exp(-np.abs(w))))


plant = contract.planter(__name__, mutant, _sound)


# The exponential


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def minus_logarithm_of_a_growing_sum(x: Array) -> Array:
    """-log(1 + exp(-x)), which is -inf: https://github.com/pytorch/pytorch/issues/1835."""
    return round_like(-np.log(1 + np.exp(-lift(x))), x)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def log_sigmoid_without_branches(x: Array) -> Array:
    """x - log(1 + exp(x)), NaN or -inf: https://github.com/tracel-ai/burn/pull/1548."""
    w = lift(x)
    return round_like(w - np.log(1 + np.exp(w)), x)


@mutant(fails={"finite": ("float64", "float32", "bfloat16")})
def log_sigmoid_by_a_doubled_argument(x: Array) -> Array:
    """(x - abs(x)) / 2 leaves the range, as in https://github.com/mindspore-ai/mindspore/issues/390."""
    w = lift(x)
    return round_like((w - np.abs(w)) / 2 - np.log1p(np.exp(-np.abs(w))), x)


@mutant(fails={"monotone": EVERY})
def log_sigmoid_lowest_where_exp_overflows(x: Array) -> Array:
    """The lowest number where exp(x) overflows: infinities are replaced, and not avoided."""
    return round_like(np.where(np.isinf(np.exp(lift(x))), -6e4, _sound(x)), x)


# Clips, epsilons and thresholds


@mutant(fails={"accuracy": EVERY})
def log_of_sigmoid_and_epsilon(x: Array) -> Array:
    """log(sigmoid(x) + 1e-7), as in https://github.com/keras-team/keras-core/issues/196."""
    return round_like(np.log(np.exp(_sound(x)) + 1e-7), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def log_sigmoid_from_minus_a_hundred_on(x: Array) -> Array:
    """Not below -100, as the logarithms of https://github.com/ml-explore/mlx/pull/1280."""
    return round_like(np.maximum(_sound(x), -100), x)


@mutant(fails={"threshold": ("float64",)})
def log_sigmoid_is_x_from_sixteen_on(x: Array) -> Array:
    """x below -16, even in float64: https://github.com/aesara-devs/aesara/issues/260 of its opposite."""
    w = lift(x)
    return round_like(np.where(w < -16, w, _sound(x)), x)


@mutant(fails={"symmetry": EVERY})
def log_sigmoid_is_x_below_zero(x: Array) -> Array:
    """x below 0, without its logarithm."""
    w = lift(x)
    return round_like(np.where(w < 0, w, _sound(x)), x)


# Another formula


@mutant(fails={"range": EVERY}, cause="wrong sign")
def softplus_of_the_negative(x: Array) -> Array:
    """log(1 + exp(-x)): the sign of the logarithm is lost."""
    return round_like(-_sound(x), x)


@mutant(fails={"accuracy": EVERY})
def log_sigmoid_with_one_exp_unshifted(x: Array) -> Array:
    """One of the terms is not shifted, as in the text of https://github.com/pytorch/pytorch/pull/2211."""
    w = np.clip(lift(x), -80, 80)
    top = np.maximum(-w, 0)
    return round_like(np.minimum(0, -(top + np.log(np.exp(-top) + np.exp(-w)))), x)


@mutant(fails={"accuracy": EVERY})
def log_sigmoid_of_half_the_argument(x: Array) -> Array:
    """The logarithm of (1 + tanh(x / 4)) / 2: halved once too often."""
    return round_like(_sound(lift(x) / 2), x)


# The contract

plant(
    log_sigmoid_subnormals_flushed=contract.flushed,
    log_sigmoid_through_float32=contract.through_float32,
    log_sigmoid_running_mean=contract.running_mean,
    log_sigmoid_strides_ignored=contract.memory_order,
    log_sigmoid_storage_offset_ignored=contract.storage_offset,
    log_sigmoid_in_place=contract.in_place,
    log_sigmoid_buffer_reused=contract.buffer_kept,
    log_sigmoid_promoted=contract.promoted,
    log_sigmoid_narrowed=contract.narrowed,
    log_sigmoid_squeezed=contract.squeezed,
    log_sigmoid_dithered=contract.dithered,
    log_sigmoid_workspace_kept=contract.workspace_kept,
)
