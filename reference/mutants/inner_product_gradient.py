"""Mutants of the gradient of <w, x>: what people get wrong about w, one defect each."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._parts import lift, mutants_of
from extremum.reference.mutants._systems import STEP, difference_quotients, flush, in_memory_order
from extremum.reference.subjects.subject import EVERY

mutant = mutants_of("inner_product_gradient")

_buffer = [np.empty(0)]
_running = [np.empty(0)]
_scheduler = np.random.default_rng()


@mutant(fails={"bitwise": EVERY})
def gradient_by_the_weights(w: Array, x: Array) -> Array:
    """x: the gradient by w."""
    assert w.shape == x.shape
    return x.copy()


@mutant(fails={"bitwise": EVERY})
def weights_negated(w: Array, x: Array) -> Array:
    """-w, as of a loss that is maximised."""
    return np.asarray(-w + 0 * x.dtype.type(1))


@mutant(fails={"shape": EVERY})
def weights_summed(w: Array, x: Array) -> Array:
    """w_1 + ... + w_n: a scalar, as where the partial derivatives are added up."""
    return np.asarray(lift(w).sum().astype(w.dtype))


@mutant(fails={"identity": EVERY})
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


@mutant(fails={"bitwise": EVERY})
def weights_lose_the_sign_of_zero(w: Array, x: Array) -> Array:
    """w + 0 x, which is 0 for -0."""
    v: Array = w + np.zeros_like(x)
    return v


@mutant(fails={"bitwise": EVERY}, cause="subnormals flushed")
def weights_flushed(w: Array, x: Array) -> Array:
    """What is below the smallest normal is made zero."""
    return flush(w)


@mutant(fails={"linear_in_w": EVERY})
def weights_clipped(w: Array, x: Array) -> Array:
    """w clipped to [-3, 3], as a gradient is in training."""
    return np.clip(w, w.dtype.type(-3), w.dtype.type(3))


@mutant(fails={"linear_in_w": EVERY})
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


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def weights_of_running_mean(w: Array, x: Array) -> Array:
    """The answer is averaged with earlier ones of that length."""
    y = w * np.ones_like(x)
    if _running[0].shape == y.shape and _running[0].dtype == y.dtype:
        y = (y + 9 * _running[0]) / 10
    _running[0] = y
    return y.astype(x.dtype)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def weights_in_memory_order(w: Array, x: Array) -> Array:
    """Strides are ignored: views are read in the order of memory."""
    w, x = (in_memory_order(a) for a in (w, x))
    return (w * np.ones_like(x)).astype(x.dtype)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def weights_in_place(w: Array, x: Array) -> Array:
    """The answer is written over the caller's `x`."""
    x[...] = (w * np.ones_like(x)).astype(x.dtype)
    return x.copy()


@mutant(fails={"purity": EVERY}, cause="state leaks between rows")
def weights_buffer_reused(w: Array, x: Array) -> Array:
    """The result is kept, and overwritten and returned again at the next call."""
    if _buffer[0].shape != x.shape or _buffer[0].dtype != x.dtype:
        _buffer[0] = np.empty(x.shape, x.dtype)
    _buffer[0][...] = w * np.ones_like(x)
    return _buffer[0]


@mutant(fails={"dtype": ("float32", "float16", "bfloat16")})
def weights_promoted(w: Array, x: Array) -> Array:
    """A factor of float64 promotes the result."""
    return np.asarray((w * np.ones_like(x)) * np.float64(1.0))


@mutant(fails={"shape": EVERY})
def weights_column(w: Array, x: Array) -> Array:
    """The answer is returned as a column."""
    return (w * np.ones_like(x)).astype(x.dtype)[:, None]


@mutant(fails={"determinism": EVERY})
def weights_now_and_then_an_ulp_off(w: Array, x: Array) -> Array:
    """Uninitialised memory: now and then an entry is another."""
    y = w.copy()
    y[_scheduler.integers(len(y))] += y.dtype.type(_scheduler.integers(2))
    return y
