"""Mutants of a step of gradient descent: what people get wrong about x - step_size * gradient, one defect each."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, in_memory_order
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.subjects.subject import EVERY, NARROW, NATIVE, WIDE

mutant = mutants_of("descent_step")

_velocity = [np.empty(0)]
_gradient = [np.empty(0)]
_last = [np.empty(0)]
_dice = np.random.default_rng()


def _step(x: Array, gradient: Array, step_size: float) -> Array:
    """The sound step."""
    return x - x.dtype.type(step_size) * gradient


def _like(kept: Array, x: Array) -> bool:
    return kept.shape == x.shape and kept.dtype == x.dtype


plant = contract.planter(__name__, mutant, _step)

# The formula


@mutant(fails={"accuracy": EVERY}, cause="wrong sign")
def ascent(x: Array, gradient: Array, step_size: float) -> Array:
    """The sign is wrong: x goes up the slope."""
    return _step(x, -gradient, step_size)


@mutant(fails={"accuracy": EVERY}, cause="wrong term")
def sign_of_gradient(x: Array, gradient: Array, step_size: float) -> Array:
    """x - s sign(g): the size of the gradient is lost."""
    return _step(x, np.sign(gradient), step_size)


@mutant(fails={"accuracy": EVERY}, cause="wrong factor")
def averaged_over_entries(x: Array, gradient: Array, step_size: float) -> Array:
    """The gradient is divided by the number of parameters, as if that were the batch."""
    return _step(x, gradient / x.dtype.type(x.size), step_size)


@mutant(fails={"accuracy": EVERY})
def step_along_clipped_gradient(x: Array, gradient: Array, step_size: float) -> Array:
    """The gradient is clipped to [-1, 1]."""
    one = x.dtype.type(1)
    return _step(x, np.minimum(np.maximum(gradient, -one), one), step_size)


@mutant(fails={"accuracy": EVERY}, cause="wrong term")
def first_step_ignores_the_rate(x: Array, gradient: Array, step_size: float) -> Array:
    """A step that does not go on from the last answer counts as the first, and is taken at the rate 1."""
    first = not (_like(_last[0], x) and np.array_equal(_last[0], x))
    _last[0] = _step(x, gradient, 1.0 if first else step_size)
    return _last[0].copy()


@mutant(fails={"accuracy": EVERY}, cause="entries left out")
def tail_skipped(x: Array, gradient: Array, step_size: float) -> Array:
    """Whole vectors of eight are updated, and the tail of a longer row is not."""
    y = _step(x, gradient, step_size)
    whole = x.size - x.size % 8 or x.size
    y[whole:] = x[whole:]
    return y


@mutant(fails={"accuracy": EVERY}, cause="entries left out")
def first_entry_skipped(x: Array, gradient: Array, step_size: float) -> Array:
    """The loop starts at 1."""
    y = _step(x, gradient, step_size)
    y[0] = x[0]
    return y


# The arithmetic


@mutant(fails={"accuracy": WIDE}, cause="precision narrowed")
def rate_in_half_precision(x: Array, gradient: Array, step_size: float) -> Array:
    """The rate is stored in float16."""
    return _step(x, gradient, float(np.float16(step_size)))


@mutant(fails={"accuracy": NATIVE}, cause="precision narrowed")
def updated_in_bfloat16(x: Array, gradient: Array, step_size: float) -> Array:
    """The weights are kept in bfloat16, in which small updates are lost."""
    kept = ml_dtypes.bfloat16
    return _step(x.astype(kept), gradient.astype(kept), step_size).astype(x.dtype)


plant(stepped_in_float32=contract.through_float32)


@mutant(fails={"update_kept": EVERY})
def small_updates_skipped(x: Array, gradient: Array, step_size: float) -> Array:
    """An update below u abs(x) is taken for none, though half a spacing may be half of that."""
    y = _step(x, gradient, step_size)
    u = x.dtype.type(fmt(x).unit_roundoff)
    return np.where(np.abs(x.dtype.type(step_size) * gradient) < u * np.abs(x), x, y)


@mutant(fails={"update_kept": EVERY})
def rounded_towards_x(x: Array, gradient: Array, step_size: float) -> Array:
    """The difference is rounded towards x: an answer that is one float away is pulled back."""
    y = _step(x, gradient, step_size)
    row = fmt(x)
    near = np.abs(row.ordinal(y.astype(row.dtype)) - row.ordinal(x.astype(row.dtype))) == 1
    return np.where(near, x, y)


@mutant(fails={"finite": EVERY})
def scaled_by_the_norm(x: Array, gradient: Array, step_size: float) -> Array:
    """The gradient is divided by its norm and multiplied by it again; the squares of large entries overflow."""
    norm = np.sqrt((gradient * gradient).sum()).astype(x.dtype)
    return np.where(gradient == 0, x, _step(x, gradient / norm * norm, step_size))


plant(points_flushed=contract.flushed)


# What must stay as it is


@mutant(fails={"zero_gradient": EVERY})
def normalised_gradient(x: Array, gradient: Array, step_size: float) -> Array:
    """x - s g / norm(g), which is 0 / 0 at a critical point."""
    largest = np.abs(gradient).max()
    return _step(x, gradient / largest, step_size)


@mutant(fails={"zero_gradient": EVERY}, cause="extra term")
def weight_decay_by_default(x: Array, gradient: Array, step_size: float) -> Array:
    """A hundredth of x is added to the gradient."""
    return _step(x, gradient + x.dtype.type(0.01) * x, step_size)


@mutant(fails={"nan_kept": EVERY})
def nan_to_zero(x: Array, gradient: Array, step_size: float) -> Array:
    """NaN in the gradient becomes 0, so that nobody notices."""
    return _step(x, np.where(np.isnan(gradient), np.zeros((), x.dtype), gradient), step_size)


@mutant(fails={"nan_kept": EVERY})
def skipped_where_not_finite(x: Array, gradient: Array, step_size: float) -> Array:
    """The step is left out where the gradient is not finite, as of loss scaling, and nothing is said."""
    return _step(x, gradient, step_size) if np.isfinite(gradient).all() else x.copy()


# The contract


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def stale_momentum(x: Array, gradient: Array, step_size: float) -> Array:
    """Nine tenths of the velocity of the call before are added to the gradient."""
    old = _velocity[0] if _like(_velocity[0], x) and np.isfinite(_velocity[0]).all() else np.zeros_like(x)
    most = x.dtype.type(fmt(x).max / 64)
    _velocity[0] = np.minimum(np.maximum(x.dtype.type(0.9) * old + gradient, -most), most)
    return _step(x, _velocity[0], step_size)


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def delayed_gradient(x: Array, gradient: Array, step_size: float) -> Array:
    """The gradient of the call before is used, as of a pipeline that is one step behind."""
    old, _gradient[0] = _gradient[0], gradient.copy()
    return _step(x, old if _like(old, x) else gradient, step_size)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def gradient_scribbled_on(x: Array, gradient: Array, step_size: float) -> Array:
    """The gradient is multiplied by the rate in place."""
    gradient *= x.dtype.type(step_size)
    return x - gradient


@mutant(fails={"purity": EVERY}, cause="input mutated")
def updated_in_place(x: Array, gradient: Array, step_size: float) -> Array:
    """x itself is overwritten and returned."""
    x -= x.dtype.type(step_size) * gradient
    return x


plant(point_in_a_buffer=contract.buffer_kept)


@mutant(fails={"dtype": ("float32", *NARROW)}, cause="wrong dtype")
def promoted_by_the_rate(x: Array, gradient: Array, step_size: float) -> Array:
    """The rate is a NumPy scalar of float64, which promotes the result."""
    return np.asarray(x - np.float64(step_size) * gradient)


plant(point_of_float32=contract.narrowed)


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def point_as_a_row(x: Array, gradient: Array, step_size: float) -> Array:
    """The point comes back as a matrix of one row."""
    return _step(x, gradient, step_size)[None, :]


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def step_in_memory_order(x: Array, gradient: Array, step_size: float) -> Array:
    """The sign of the strides is ignored: a reversed view is read in the order of memory."""
    return _step(in_memory_order(x), in_memory_order(gradient), step_size)


@mutant(fails={"determinism": EVERY}, cause="nondeterministic")
def dithered(x: Array, gradient: Array, step_size: float) -> Array:
    """The update is scaled by a random factor near 1 before it is rounded, from a generator that nobody seeds."""
    noise = 1 + fmt(x).unit_roundoff * _dice.integers(-2, 3, x.shape)
    wide = x.astype(np.float64) - float(step_size) * gradient.astype(np.float64) * noise
    return wide.astype(x.dtype)


# The rate


@mutant(fails={"accuracy": WIDE}, cause="precision narrowed")
def rate_of_three_decimals(x: Array, gradient: Array, step_size: float) -> Array:
    """The rate is kept to three decimals, as it was printed."""
    return np.asarray(x - x.dtype.type(round(float(step_size), 3)) * gradient)


@mutant(fails={"accuracy": WIDE})
def rate_clipped(x: Array, gradient: Array, step_size: float) -> Array:
    """A rate above 5 is taken for a slip."""
    return np.asarray(x - x.dtype.type(min(float(step_size), 5.0)) * gradient)


@mutant(fails={"accuracy": WIDE})
def rate_floored(x: Array, gradient: Array, step_size: float) -> Array:
    """A rate below a thousandth is raised to it, lest nothing moves."""
    return np.asarray(x - x.dtype.type(max(float(step_size), 1e-3)) * gradient)
