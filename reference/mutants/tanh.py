"""Mutants of tanh: one defect each, most of them mistakes that people made; the links are to the reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, WIDE

mutant = mutants_of("tanh", axis=None)


def _sound(x: Array) -> Array:
    """The sound tanh, in the format of the computation."""
    return np.tanh(lift(x))


plant = contract.planter(__name__, mutant, _sound)


# The exponential


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def tanh_by_growing_squares(x: Array) -> Array:
    """(exp(2 x) - 1) / (exp(2 x) + 1), which is inf / inf, as in https://github.com/BVLC/caffe/pull/1455."""
    grown = np.exp(2 * lift(x))
    return round_like((grown - 1) / (grown + 1), x)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def tanh_by_sinh_and_cosh(x: Array) -> Array:
    """sinh(x) / cosh(x), which is inf / inf, as of https://github.com/tiny-dnn/tiny-dnn/issues/347."""
    w = lift(x)
    return round_like(np.sinh(w) / np.cosh(w), x)


@mutant(fails={"monotone": EVERY})
def tanh_zero_where_exp_overflows(x: Array) -> Array:
    """0 where exp(2 x) overflows, as on the hardware of https://github.com/microsoft/onnxjs/pull/61."""
    w = lift(x)
    return round_like(np.where(np.isinf(np.exp(2 * w)), 0, _sound(x)), x)


# Approximations and their ends


@mutant(fails={"range": EVERY})
def tanh_by_a_fraction(x: Array) -> Array:
    """Lambert's fraction, which goes on growing: https://github.com/huonw/fast-math/pull/6."""
    w = np.clip(lift(x), -1e4, 1e4)
    return round_like(w * (27 + w * w) / (27 + 9 * w * w), x)


@mutant(fails={"range": EVERY})
def tanh_a_little_beyond_one(x: Array) -> Array:
    """A fit that reaches 1 + 2 u: https://github.com/tensorflow/tensorflow/issues/35435."""
    return round_like(_sound(x) * (1 + 2 * fmt(x).unit_roundoff), x)


@mutant(fails={"accuracy": EVERY})
def tanh_by_a_cubic(x: Array) -> Array:
    """x - x**3 / 3 as far as it grows, and its end from there on."""
    w = np.clip(lift(x), -1, 1)
    return round_like(w - w**3 / 3, x)


@mutant(fails={"accuracy": WIDE})
def tanh_is_x_below_a_tenth(x: Array) -> Array:
    """x itself below 0.1, where tanh(x) is up to a three-hundredth less."""
    w = lift(x)
    return round_like(np.where(np.abs(w) < 0.1, w, _sound(x)), x)


@mutant(fails={"limits": WIDE}, cause="values clipped")
def tanh_of_clipped_inputs(x: Array) -> Array:
    """Inputs limited to -7.5 .. 7.5, ten u short of 1: https://github.com/sonos/tract/pull/2715."""
    return round_like(np.tanh(np.clip(lift(x), -7.5, 7.5)), x)


# Another formula


@mutant(fails={"accuracy": EVERY})
def tanh_of_half_the_argument(x: Array) -> Array:
    """(1 - exp(-x)) / (1 + exp(-x)): the 2 is forgotten, as in https://github.com/HIPS/autograd/issues/317."""
    return round_like(np.tanh(lift(x) / 2), x)


@mutant(fails={"symmetry": EVERY})
def tanh_without_its_sign(x: Array) -> Array:
    """tanh(abs(x)): the sign is not given back."""
    return round_like(np.abs(_sound(x)), x)


@mutant(fails={"accuracy": EVERY}, cause="wrong sign")
def tanh_of_the_negative(x: Array) -> Array:
    """tanh(-x): the sign of the exponent is lost."""
    return round_like(-_sound(x), x)


# The contract

plant(
    tanh_subnormals_flushed=contract.flushed,
    tanh_through_float32=contract.through_float32,
    tanh_running_mean=contract.running_mean,
    tanh_strides_ignored=contract.memory_order,
    tanh_storage_offset_ignored=contract.storage_offset,
    tanh_in_place=contract.in_place,
    tanh_buffer_reused=contract.buffer_kept,
    tanh_promoted=contract.promoted,
    tanh_narrowed=contract.narrowed,
    tanh_squeezed=contract.squeezed,
    tanh_dithered=contract.dithered,
    tanh_workspace_kept=contract.workspace_kept,
)
