"""Mutants of gelu: one defect each, most of them mistakes that people made; the links are to the reports of them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.error_function import erf, erfc
from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, lift, round_like
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, WIDE

mutant = mutants_of("gelu", axis=None)

ROOT = 0.7071067811865476  # 1 / sqrt(2)


def _sound(x: Array) -> Array:
    """The sound gelu, in the format of the computation."""
    w = lift(x)
    return w / 2 * erfc(-w * w.dtype.type(ROOT))


plant = contract.planter(__name__, mutant, _sound)


# Range


@mutant(fails={"finite": ("float64", "float32", "bfloat16")})
def gelu_doubled_before_it_is_halved(x: Array) -> Array:
    """x (1 + erf) / 2 in that order, which leaves the range from half of it on."""
    w = lift(x)
    return round_like(w * (1 + erf(w * w.dtype.type(ROOT))) / 2, x)


@mutant(fails={"sign": EVERY})
def gelu_of_an_erf_beyond_one(x: Array) -> Array:
    """An erf that reaches a little beyond -1: https://github.com/sonos/tract/pull/2633 of its tanh."""
    w = lift(x)
    return round_like(w / 2 * (1 + erf(w * w.dtype.type(ROOT)) * (1 + 4 * fmt(w).unit_roundoff)), x)


@mutant(fails={"monotone": EVERY})
def gelu_zero_far_out(x: Array) -> Array:
    """0 beyond 10: the NaN of an approximation is replaced, and not avoided."""
    return round_like(np.where(np.abs(lift(x)) > 10, 0, _sound(x)), x)


@mutant(fails={"limits": EVERY}, cause="values clipped")
def gelu_of_clipped_arguments(x: Array) -> Array:
    """The argument of erf is limited to -3 .. 3."""
    w = lift(x)
    return round_like(w / 2 * (1 + erf(np.clip(w * w.dtype.type(ROOT), -3, 3))), x)


# The small end


@mutant(fails={"accuracy": WIDE})
def gelu_of_an_erfc_that_ends_at_five(x: Array) -> Array:
    """erfc is constant beyond 5: https://github.com/tenstorrent/tt-metal/issues/56377."""
    w = lift(x)
    return round_like(w / 2 * erfc(np.minimum(-w * w.dtype.type(ROOT), 5)), x)


@mutant(fails={"accuracy": ("float64",)})
def gelu_of_an_erf_to_seven_digits(x: Array) -> Array:
    """Formula 7.1.26 of Abramowitz and Stegun, good to 1.5e-7, in float64 too."""
    w = lift(x)
    z = np.minimum(np.abs(w), 1e3) * w.dtype.type(ROOT)
    t = 1 / (1 + 0.3275911 * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return round_like(w / 2 * (1 + np.copysign(1 - series * np.exp(-z * z), w)), x)


# Another formula


@mutant(fails={"accuracy": WIDE})
def gelu_by_tanh(x: Array) -> Array:
    """The tanh form in place of the exact one: https://github.com/uxlfoundation/oneDNN/issues/1122."""
    w = lift(x)
    v = np.clip(w, -1e4, 1e4)
    return round_like(w / 2 * (1 + np.tanh(w.dtype.type(0.7978845608028654) * (v + w.dtype.type(0.044715) * v**3))), x)


@mutant(fails={"accuracy": EVERY})
def gelu_by_a_sigmoid(x: Array) -> Array:
    """x sigmoid(1.702 x): https://github.com/ROCm/AMDMIGraphX/issues/2542."""
    w = lift(x)
    v = np.clip(w, -30, 30) * w.dtype.type(1.702)
    return round_like(w / (1 + np.exp(-v)), x)


@mutant(fails={"accuracy": EVERY})
def gelu_without_the_root_of_two(x: Array) -> Array:
    """x / 2 erfc(-x): the argument is not divided by sqrt(2)."""
    w = lift(x)
    return round_like(w / 2 * erfc(-w), x)


@mutant(fails={"symmetry": EVERY})
def gelu_of_an_even_erf(x: Array) -> Array:
    """erf(abs(x) / sqrt(2)): the sign is not given back."""
    w = lift(x)
    return round_like(w / 2 * (1 + erf(np.abs(w) * w.dtype.type(ROOT))), x)


@mutant(fails={"accuracy": EVERY})
def normal_distribution_in_place_of_gelu(x: Array) -> Array:
    """Phi(x): the factor x is forgotten."""
    w = lift(x)
    return round_like(erfc(-w * w.dtype.type(ROOT)) / 2, x)


# The contract

plant(
    gelu_subnormals_flushed=contract.flushed,
    gelu_through_float32=contract.through_float32,
    gelu_running_mean=contract.running_mean,
    gelu_strides_ignored=contract.memory_order,
    gelu_storage_offset_ignored=contract.storage_offset,
    gelu_in_place=contract.in_place,
    gelu_buffer_reused=contract.buffer_kept,
    gelu_promoted=contract.promoted,
    gelu_narrowed=contract.narrowed,
    gelu_squeezed=contract.squeezed,
    gelu_dithered=contract.dithered,
    gelu_workspace_kept=contract.workspace_kept,
)
