"""Mutants of the gradient of norm(B x - c)^2: what people get wrong about 2 B^T (B x - c), one defect each."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._parts import lift, mutants_of
from extremum.reference.mutants._systems import STEP, difference_quotients, flush, in_memory_order, residual, squares
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("least_squares_gradient")

_buffer = [np.empty(0)]
_running = [np.empty(0)]
_scheduler = np.random.default_rng()


@mutant(fails={"accuracy": EVERY})
def residual_broadcast(B: Array, x: Array, c: Array) -> Array:
    """B x of shape (m, 1) less c of shape (m,) is a matrix, and its rows are summed."""
    r = (lift(B) @ lift(x))[:, None] - lift(c)
    return squares(B, r.sum(axis=1)).astype(x.dtype)


@mutant(fails={"identity": EVERY})
def residual_broadcast_and_averaged(B: Array, x: Array, c: Array) -> Array:
    """The same matrix, averaged: the mean of c stands for c."""
    r = (lift(B) @ lift(x))[:, None] - lift(c)
    return squares(B, r.mean(axis=1)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def target_added(B: Array, x: Array, c: Array) -> Array:
    """2 B^T (B x + c): the sign of the target."""
    return squares(B, residual(B, x, -c)).astype(x.dtype)


@mutant(fails={"identity": EVERY})
def target_forgotten(B: Array, x: Array, c: Array) -> Array:
    """2 B^T B x."""
    return squares(B, residual(B, x, np.zeros_like(c))).astype(x.dtype)


@mutant(fails={"identity": EVERY})
def residual_reversed(B: Array, x: Array, c: Array) -> Array:
    """2 B^T (c - B x): the sign of the residual."""
    return squares(B, -residual(B, x, c)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def half_of_squares(B: Array, x: Array, c: Array) -> Array:
    """B^T (B x - c): the factor 2 is forgotten."""
    return (squares(B, residual(B, x, c)) / 2).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def divided_by_rows(B: Array, x: Array, c: Array) -> Array:
    """2 B^T (B x - c) / m: the gradient of the mean of squares."""
    return (squares(B, residual(B, x, c)) / len(c)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def matrix_for_its_transpose(B: Array, x: Array, c: Array) -> Array:
    """2 B (B x - c) where B is square, which shapes do not show."""
    r = residual(B, x, c)
    return np.asarray(2 * ((lift(B) if len(r) == len(x) else lift(B).T) @ r)).astype(x.dtype)


@mutant(fails={"linear_in_x_and_c": EVERY})
def residual_clipped(B: Array, x: Array, c: Array) -> Array:
    """The residual is clipped to [-1, 1], as by Huber's loss."""
    return squares(B, np.clip(residual(B, x, c), -1, 1)).astype(x.dtype)


@mutant(fails={"linear_in_x_and_c": EVERY})
def weight_decay_towards_one(B: Array, x: Array, c: Array) -> Array:
    """A decay of 0.1 towards weights of one is added."""
    r = residual(B, x, c)
    return (squares(B, r) + (lift(x) - 1) * r.dtype.type(0.1)).astype(x.dtype)


@mutant(fails={"hessian_symmetric": EVERY})
def gram_taken_for_triangular(B: Array, x: Array, c: Array) -> Array:
    """The Gram matrix is computed in its upper triangle alone."""
    G = np.triu(lift(B).T @ lift(B))
    return np.asarray(2 * (G @ lift(x) - lift(B).T @ lift(c))).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def loss_forward_difference(B: Array, x: Array, c: Array) -> Array:
    """(f(x + h e_i) - f(x)) / h with h = 1e-6."""
    r = residual(B, x, c)
    moved = np.sum((r[:, None] + r.dtype.type(STEP) * lift(B)) ** 2, axis=0)
    return difference_quotients(moved, np.sum(r**2)).astype(x.dtype)


@mutant(fails={"accuracy": ("float64", "float32")}, cause="precision narrowed")
def residual_in_half(B: Array, x: Array, c: Array) -> Array:
    """The residual is kept in half precision between the two products."""
    return squares(B, residual(B, x, c).astype(np.float16).astype(lift(x).dtype)).astype(x.dtype)


@mutant(fails={"accuracy": ("float64",)}, cause="precision narrowed")
def least_squares_through_float32(B: Array, x: Array, c: Array) -> Array:
    """The computation is in float32, even for float64."""
    f = np.float32
    return squares(B.astype(f), residual(B.astype(f), x.astype(f), c.astype(f))).astype(x.dtype)


@mutant(fails={"finite": EVERY})
def normal_equations_squared(B: Array, x: Array, c: Array) -> Array:
    """The loss is computed on the way, to scale the gradient by and back."""
    r = residual(B, x, c)
    square = np.sum(r.astype(x.dtype) ** 2) * np.sum(np.abs(r.astype(x.dtype)))
    top = lift(np.asarray(np.where(square == 0, x.dtype.type(1), square))).astype(r.dtype)
    return (squares(B, r / top) * top).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def last_sample_skipped(B: Array, x: Array, c: Array) -> Array:
    """The last batch of samples is not whole, and is left out."""
    whole = len(B) - len(B) % 4 or len(B)
    return squares(B[:whole], residual(B[:whole], x, c[:whole])).astype(x.dtype)


@mutant(fails={"gradual_underflow": EVERY}, cause="subnormals flushed")
def least_squares_flushed(B: Array, x: Array, c: Array) -> Array:
    """What is below the smallest normal is made zero."""
    return flush(squares(B, residual(B, x, c)).astype(x.dtype))


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def least_squares_in_own_format(B: Array, x: Array, c: Array) -> Array:
    """The sum over samples stagnates in the dtype of `x`."""
    y = np.zeros(x.shape, x.dtype)
    for row in (2 * lift(B) * residual(B, x, c)[:, None]).astype(x.dtype):
        y = y + row
    return y


# The contract


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def least_squares_of_running_mean(B: Array, x: Array, c: Array) -> Array:
    """The answer is averaged with earlier ones of that length."""
    y = squares(B, residual(B, x, c))
    if _running[0].shape == y.shape and _running[0].dtype == y.dtype:
        y = (y + 9 * _running[0]) / 10
    _running[0] = y
    return y.astype(x.dtype)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def least_squares_in_memory_order(B: Array, x: Array, c: Array) -> Array:
    """Strides are ignored: views are read in the order of memory."""
    B, x, c = (in_memory_order(a) for a in (B, x, c))
    return squares(B, residual(B, x, c)).astype(x.dtype)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def least_squares_in_place(B: Array, x: Array, c: Array) -> Array:
    """The answer is written over the caller's `x`."""
    x[...] = squares(B, residual(B, x, c)).astype(x.dtype)
    return x.copy()


@mutant(fails={"purity": EVERY}, cause="state leaks between rows")
def least_squares_buffer_reused(B: Array, x: Array, c: Array) -> Array:
    """The result is kept, and overwritten and returned again at the next call."""
    if _buffer[0].shape != x.shape or _buffer[0].dtype != x.dtype:
        _buffer[0] = np.empty(x.shape, x.dtype)
    _buffer[0][...] = squares(B, residual(B, x, c))
    return _buffer[0]


@mutant(fails={"dtype": ("float32", "float16", "bfloat16")})
def least_squares_promoted(B: Array, x: Array, c: Array) -> Array:
    """A factor of float64 promotes the result."""
    return np.asarray(squares(B, residual(B, x, c)) * np.float64(1.0))


@mutant(fails={"shape": EVERY})
def least_squares_column(B: Array, x: Array, c: Array) -> Array:
    """The answer is returned as a column."""
    return squares(B, residual(B, x, c)).astype(x.dtype)[:, None]


@mutant(fails={"determinism": WIDE})
def samples_summed_in_any_order(B: Array, x: Array, c: Array) -> Array:
    """The samples are added in another order at every call, as atomic additions are."""
    terms = 2 * lift(B) * residual(B, x, c)[:, None]
    return np.asarray(np.add.accumulate(_scheduler.permutation(terms))[-1]).astype(x.dtype)
