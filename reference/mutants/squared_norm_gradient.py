"""Mutants of the gradient of norm(B x)^2: what people get wrong about 2 B^T B x, one defect each."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import in_any_order, lift
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.mutants._systems import (
    matrix_for_transpose,
    scaled_by_loss,
    squares,
    squares_difference,
    sum_of_rows_in,
)
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("squared_norm_gradient")


def _sound(B: Array, x: Array) -> Array:
    """The sound gradient, in the format of the computation."""
    return squares(B, lift(B) @ lift(x))


plant = contract.planter(__name__, mutant, _sound, at=1)


@mutant(fails={"accuracy": EVERY}, cause="wrong factor")
def factor_two_forgotten(B: Array, x: Array) -> Array:
    """B^T B x."""
    return (_sound(B, x) / 2).astype(x.dtype)


@mutant(fails={"linear_in_x": EVERY}, cause="wrong divisor")
def norm_not_squared(B: Array, x: Array) -> Array:
    """B^T B x / norm(B x): the gradient of the norm."""
    r = lift(B) @ lift(x)
    norm = np.sqrt(np.sum(r * r))
    return squares(B, r / np.where(norm == 0, 1, norm)).astype(x.dtype)


@mutant(fails={"identity": EVERY}, cause="wrong sign")
def descent_direction(B: Array, x: Array) -> Array:
    """-2 B^T B x: the sign of a step."""
    return (-_sound(B, x)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="transposed matrix")
def transpose_forgotten(B: Array, x: Array) -> Array:
    """2 B B x where B is square, which shapes do not show."""
    return matrix_for_transpose(B, lift(B) @ lift(x), x).astype(x.dtype)


@mutant(fails={"identity": EVERY}, cause="transposed matrix")
def outer_transpose_forgotten(B: Array, x: Array) -> Array:
    """2 B B^T x where B is square."""
    M = lift(B) if B.shape[0] != B.shape[1] else lift(B).T
    return np.asarray(2 * (M.T @ (M @ lift(x)))).astype(x.dtype)


@mutant(fails={"hessian_symmetric": EVERY}, cause="missing term")
def diagonal_of_gram(B: Array, x: Array) -> Array:
    """The Gram matrix is taken for upper triangular."""
    return np.asarray(2 * (np.triu(lift(B).T @ lift(B)) @ lift(x))).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def squares_forward_difference(B: Array, x: Array) -> Array:
    """(f(x + h e_i) - f(x)) / h with h = 1e-6."""
    return squares_difference(B, lift(B) @ lift(x)).astype(x.dtype)


plant(squares_through_float32=contract.through_float32)


@mutant(fails={"accuracy": ("float64", "float32")}, cause="precision narrowed")
def product_in_half(B: Array, x: Array) -> Array:
    """B x is kept in half precision between the two products."""
    return squares(B, (lift(B) @ lift(x)).astype(np.float16).astype(lift(x).dtype)).astype(x.dtype)


@mutant(fails={"finite": EVERY})
def product_squared(B: Array, x: Array) -> Array:
    """norm(B x)^2 is computed on the way, to scale the gradient by and back."""
    return scaled_by_loss(B, lift(B) @ lift(x), x).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="missing term")
def last_row_skipped(B: Array, x: Array) -> Array:
    """The loop over rows ends at the last whole vector of four."""
    whole = len(B) - len(B) % 4 or len(B)
    return squares(B[:whole], lift(B)[:whole] @ lift(x)).astype(x.dtype)


plant(squares_flushed=contract.flushed)


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def squares_in_own_format(B: Array, x: Array) -> Array:
    """The sum over rows stagnates in the dtype of `x`."""
    return sum_of_rows_in(x.dtype, 2 * lift(B) * (lift(B) @ lift(x))[:, None])


# The contract

plant(
    squares_of_running_mean=contract.running_mean,
    squares_in_memory_order=contract.memory_order,
    squares_in_place=contract.in_place,
    squares_buffer_reused=contract.buffer_kept,
    squares_promoted=contract.promoted_by_constant,
    squares_column=contract.column,
)


@mutant(fails={"determinism": WIDE}, cause="nondeterministic")
def squares_summed_in_any_order(B: Array, x: Array) -> Array:
    """The rows are added in another order at every call, as atomic additions are."""
    return in_any_order(2 * lift(B) * (lift(B) @ lift(x))[:, None]).astype(x.dtype)
