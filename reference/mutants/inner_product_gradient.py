"""Mutants of the gradient of <w, x>: what people get wrong about w, one defect each."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import flush, lift
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.mutants._systems import STEP, difference_quotients
from extremum.reference.subjects.subject import EVERY

mutant = mutants_of("inner_product_gradient")

_noise = np.random.default_rng()


@mutant(fails={"bitwise": EVERY}, cause="wrong term")
def gradient_by_the_weights(w: Array, x: Array) -> Array:
    """x: the gradient by w."""
    assert w.shape == x.shape
    return x.copy()


@mutant(fails={"bitwise": EVERY}, cause="wrong sign")
def weights_negated(w: Array, x: Array) -> Array:
    """-w, as of a loss that is maximised."""
    return np.asarray(-w + 0 * x.dtype.type(1))


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def weights_summed(w: Array, x: Array) -> Array:
    """w_1 + ... + w_n: a scalar, as where the partial derivatives are added up."""
    return np.asarray(lift(w).sum().astype(w.dtype))


@mutant(fails={"identity": EVERY}, cause="wrong term")
def weights_summed_and_broadcast(w: Array, x: Array) -> Array:
    """The sum of the w_i in every entry."""
    return np.full(x.shape, lift(w).sum()).astype(w.dtype)


@mutant(fails={"bitwise": EVERY}, cause="cancellation")
def forward_difference_of_inner_product(w: Array, x: Array) -> Array:
    """(f(x + h e_i) - f(x)) / h with h = 1e-6."""
    here = np.sum(lift(w) * lift(x))
    return difference_quotients(here + lift(w) * here.dtype.type(STEP), here).astype(w.dtype)


@mutant(fails={"bitwise": ("float64", "float32")}, cause="precision narrowed")
def weights_through_float16(w: Array, x: Array) -> Array:
    """w is kept in half precision."""
    return w.astype(np.float16).astype(w.dtype)


@mutant(fails={"gradual_underflow": EVERY}, cause="subnormals flushed")
def weights_flushed(w: Array, x: Array) -> Array:
    """What is below the smallest normal is made zero."""
    return flush(w)


@mutant(fails={"linear_in_w": EVERY})
def weights_clipped(w: Array, x: Array) -> Array:
    """w clipped to [-3, 3], as a gradient is in training."""
    return np.clip(w, w.dtype.type(-3), w.dtype.type(3))


@mutant(fails={"linear_in_w": EVERY}, cause="wrong divisor")
def weights_normalised(w: Array, x: Array) -> Array:
    """w divided by its largest magnitude."""
    top = np.abs(lift(w)).max()
    v: Array = lift(w) / np.where(top == 0, 1, top)
    return v.astype(w.dtype)


@mutant(fails={"identity": EVERY})
def first_weight_zeroed_in_a_tie(w: Array, x: Array) -> Array:
    """A step of coordinate descent is taken for the gradient: the entries beside the largest are zero."""
    keep = np.abs(lift(w)) == np.abs(lift(w)).max()
    return np.where(keep, w, np.zeros((), w.dtype))


# The contract


def _sound(w: Array, x: Array) -> Array:
    """w, in memory of its own."""
    return np.asarray(w * np.ones_like(x))


plant = contract.planter(__name__, mutant, _sound, at=1)


plant(
    weights_of_running_mean=contract.running_mean,
    weights_in_memory_order=contract.memory_order,
    weights_in_place=contract.in_place,
    weights_buffer_reused=contract.buffer_kept,
    weights_promoted=contract.promoted_by_constant,
    weights_column=contract.column,
)


@mutant(fails={"determinism": EVERY}, cause="nondeterministic")
def weights_now_and_then_an_ulp_off(w: Array, x: Array) -> Array:
    """Uninitialised memory: now and then an entry is another."""
    y = w.copy()
    y[_noise.integers(len(y))] += y.dtype.type(_noise.integers(2))
    return y
