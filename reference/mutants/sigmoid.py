"""Sigmoid mutants: one defect each, and each a mistake that people made; the links are to the reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("sigmoid", axis=None)


def _sound(x: Array) -> Array:
    """The sound sigmoid, in the format of the computation."""
    w = lift(x)
    e = np.exp(-np.abs(w))
    return np.asarray(np.where(w >= 0, np.ones_like(e), e) / (1 + e))


plant = contract.planter(__name__, mutant, _sound)


# The exponential


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def quotient_of_growing_exps(x: Array) -> Array:
    """exp(x) / (1 + exp(x)), which is inf / inf, as in https://github.com/FederatedAI/FATE/issues/65."""
    e = np.exp(lift(x))
    return round_like(e / (1 + e), x)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def sigmoid_branches_exchanged(x: Array) -> Array:
    """The forms for either sign are exchanged, as in https://github.com/hail-is/hail/pull/10606."""
    w = lift(x)
    return round_like(np.where(w >= 0, np.exp(w) / (1 + np.exp(w)), 1 / (1 + np.exp(-w))), x)


@mutant(fails={"symmetry": EVERY})
def half_where_exp_overflows(x: Array) -> Array:
    """0.5 where exp(x) overflows: minimum and maximum miss NaN, as in https://github.com/clab/dynet/issues/1525."""
    w = lift(x)
    return round_like(np.where(np.isinf(np.exp(w)), 0.5, _sound(x)), x)


@mutant(fails={"limits": WIDE}, cause="values clipped")
def sigmoid_of_clipped_inputs(x: Array) -> Array:
    """The inputs are limited to -10 .. 10, as in https://github.com/nextgis/qgis_molusce/pull/57."""
    return round_like(_sound(np.clip(lift(x), -10, 10)), x)


# The small end


@mutant(fails={"range": EVERY})
def half_added_to_an_odd_part(x: Array) -> Array:
    """0.5 is added to an odd function that reaches a little beyond 0.5: https://github.com/sonos/tract/issues/2618."""
    w = lift(x)
    odd = np.tanh(w / 2) / 2
    return round_like(odd * (1 + 2 * fmt(w).unit_roundoff) + w.dtype.type(0.5), x)


@mutant(fails={"accuracy": NARROW})
def small_side_by_difference(x: Array) -> Array:
    """1 - 1 / (1 + exp(x)) in 16 bits, with no digit left: https://github.com/microsoft/onnxruntime/pull/14784."""
    e = np.exp(-np.abs(x))
    large = 1 / (1 + e)
    return np.where(x >= 0, large, 1 - large).astype(x.dtype)


# Another formula


@mutant(fails={"accuracy": EVERY})
def tanh_of_the_whole_argument(x: Array) -> Array:
    """(1 + tanh(x)) / 2: the argument is not halved, as in https://github.com/rushter/MLAlgorithms/pull/50."""
    return round_like((1 + np.tanh(lift(x))) / 2, x)


@mutant(fails={"accuracy": EVERY})
def tanh_by_a_clipped_cubic(x: Array) -> Array:
    """tanh by a cubic that ends three times too early: https://github.com/1bit-MONSTER/1bit-MONSTER/issues/1350."""
    y = np.clip(lift(x), -8, 8) / 2
    return round_like((1 + np.clip(y * (1 + y.dtype.type(0.1834) * y * y), -1, 1)) / 2, x)


@mutant(fails={"accuracy": EVERY})
def sigmoid_by_three_segments(x: Array) -> Array:
    """A table of straight lines: https://github.com/tenstorrent/tt-metal/issues/53258."""
    w = lift(x)
    return round_like(np.interp(w, [-8.0, -2.0, 2.0, 8.0], [0.0, 0.12, 0.88, 1.0]), x)


@mutant(fails={"range": EVERY})
def line_through_the_middle(x: Array) -> Array:
    """0.5 + x / 4, good near 0 and used everywhere: https://github.com/herbie-fp/herbie/issues/846."""
    w = np.clip(lift(x), -1e4, 1e4)
    return round_like(0.5 + w / 4, x)


@mutant(fails={"accuracy": WIDE})
def exp_by_squaring(x: Array) -> Array:
    """exp as (1 + x / 1024)**1024, good to 0.2 %, as in https://github.com/torch/torch7/pull/1027."""
    w = lift(x)
    e = np.maximum(1 - np.abs(w) / 1024, 0) ** 1024
    return round_like(np.where(w >= 0, np.ones_like(e), e) / (1 + e), x)


@mutant(fails={"monotone": EVERY}, cause="wrong sign")
def sigmoid_of_the_negative(x: Array) -> Array:
    """1 / (1 + exp(x)): the sign of the exponent is lost."""
    return round_like(1 - _sound(x), x)


# The contract

plant(
    sigmoid_subnormals_flushed=contract.flushed,
    sigmoid_through_float32=contract.through_float32,
    sigmoid_running_mean=contract.running_mean,
    sigmoid_strides_ignored=contract.memory_order,
    sigmoid_storage_offset_ignored=contract.storage_offset,
    sigmoid_in_place=contract.in_place,
    sigmoid_buffer_reused=contract.buffer_kept,
    sigmoid_promoted=contract.promoted,
    sigmoid_narrowed=contract.narrowed,
    sigmoid_squeezed=contract.squeezed,
    sigmoid_dithered=contract.dithered,
    sigmoid_workspace_kept=contract.workspace_kept,
)
