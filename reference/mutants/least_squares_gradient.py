"""Mutants of the gradient of norm(B x - c)^2: what people get wrong about 2 B^T (B x - c), one defect each."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import in_any_order, lift
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.mutants._systems import (
    matrix_for_transpose,
    residual,
    scaled_by_loss,
    squares,
    squares_difference,
    sum_of_rows_in,
)
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("least_squares_gradient")


def _sound(B: Array, x: Array, c: Array) -> Array:
    """The sound gradient, in the format of the computation."""
    return squares(B, residual(B, x, c))


plant = contract.planter(__name__, mutant, _sound, at=1)


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


@mutant(fails={"accuracy": EVERY}, cause="wrong sign")
def target_added(B: Array, x: Array, c: Array) -> Array:
    """2 B^T (B x + c): the sign of the target."""
    return squares(B, residual(B, x, -c)).astype(x.dtype)


@mutant(fails={"identity": EVERY}, cause="missing term")
def target_forgotten(B: Array, x: Array, c: Array) -> Array:
    """2 B^T B x."""
    return squares(B, residual(B, x, np.zeros_like(c))).astype(x.dtype)


@mutant(fails={"identity": EVERY}, cause="wrong sign")
def residual_reversed(B: Array, x: Array, c: Array) -> Array:
    """2 B^T (c - B x): the sign of the residual."""
    return squares(B, -residual(B, x, c)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="wrong factor")
def half_of_squares(B: Array, x: Array, c: Array) -> Array:
    """B^T (B x - c): the factor 2 is forgotten."""
    return (_sound(B, x, c) / 2).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="divided by length")
def divided_by_rows(B: Array, x: Array, c: Array) -> Array:
    """2 B^T (B x - c) / m: the gradient of the mean of squares."""
    return (_sound(B, x, c) / len(c)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="transposed matrix")
def matrix_for_its_transpose(B: Array, x: Array, c: Array) -> Array:
    """2 B (B x - c) where B is square, which shapes do not show."""
    return matrix_for_transpose(B, residual(B, x, c), x).astype(x.dtype)


@mutant(fails={"linear_in_x_and_c": EVERY})
def residual_clipped(B: Array, x: Array, c: Array) -> Array:
    """The residual is clipped to [-1, 1], as by Huber's loss."""
    return squares(B, np.clip(residual(B, x, c), -1, 1)).astype(x.dtype)


@mutant(fails={"linear_in_x_and_c": EVERY}, cause="extra term")
def weight_decay_towards_one(B: Array, x: Array, c: Array) -> Array:
    """A decay of 0.1 towards weights of one is added."""
    r = residual(B, x, c)
    return (squares(B, r) + (lift(x) - 1) * r.dtype.type(0.1)).astype(x.dtype)


@mutant(fails={"hessian_symmetric": EVERY}, cause="missing term")
def gram_taken_for_triangular(B: Array, x: Array, c: Array) -> Array:
    """The Gram matrix is computed in its upper triangle alone."""
    G = np.triu(lift(B).T @ lift(B))
    return np.asarray(2 * (G @ lift(x) - lift(B).T @ lift(c))).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def loss_forward_difference(B: Array, x: Array, c: Array) -> Array:
    """(f(x + h e_i) - f(x)) / h with h = 1e-6."""
    return squares_difference(B, residual(B, x, c)).astype(x.dtype)


@mutant(fails={"accuracy": ("float64", "float32")}, cause="precision narrowed")
def residual_in_half(B: Array, x: Array, c: Array) -> Array:
    """The residual is kept in half precision between the two products."""
    return squares(B, residual(B, x, c).astype(np.float16).astype(lift(x).dtype)).astype(x.dtype)


plant(least_squares_through_float32=contract.through_float32)


@mutant(fails={"finite": EVERY})
def normal_equations_squared(B: Array, x: Array, c: Array) -> Array:
    """The loss is computed on the way, to scale the gradient by and back."""
    return scaled_by_loss(B, residual(B, x, c), x).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="missing term")
def last_sample_skipped(B: Array, x: Array, c: Array) -> Array:
    """The last batch of samples is not whole, and is left out."""
    whole = len(B) - len(B) % 4 or len(B)
    return squares(B[:whole], residual(B[:whole], x, c[:whole])).astype(x.dtype)


plant(least_squares_flushed=contract.flushed)


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def least_squares_in_own_format(B: Array, x: Array, c: Array) -> Array:
    """The sum over samples stagnates in the dtype of `x`."""
    return sum_of_rows_in(x.dtype, 2 * lift(B) * residual(B, x, c)[:, None])


# The contract

plant(
    least_squares_of_running_mean=contract.running_mean,
    least_squares_in_memory_order=contract.memory_order,
    least_squares_in_place=contract.in_place,
    least_squares_buffer_reused=contract.buffer_kept,
    least_squares_promoted=contract.promoted_by_constant,
    least_squares_column=contract.column,
)


@mutant(fails={"determinism": WIDE}, cause="nondeterministic")
def samples_summed_in_any_order(B: Array, x: Array, c: Array) -> Array:
    """The samples are added in another order at every call, as atomic additions are."""
    return in_any_order(2 * lift(B) * residual(B, x, c)[:, None]).astype(x.dtype)
