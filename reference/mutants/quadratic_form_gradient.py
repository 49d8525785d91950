"""Mutants of the gradient of <x, A x>: what people get wrong about (A + A^T) x, one defect each."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import fmt, in_any_order, lift
from extremum.reference.mutants._parts import mutants_of
from extremum.reference.mutants._systems import STEP, difference_quotients, form, sum_of_rows_in
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("quadratic_form_gradient")
plant = contract.planter(__name__, mutant, form, at=1)


@mutant(fails={"skew": EVERY}, cause="transposed matrix")
def twice_the_product(A: Array, x: Array) -> Array:
    """2 A x, right for a symmetric A alone."""
    return np.asarray(2 * (lift(A) @ lift(x))).astype(x.dtype)


@mutant(fails={"hessian_symmetric": EVERY}, cause="missing term")
def product_alone(A: Array, x: Array) -> Array:
    """A x: the second x is taken for a constant."""
    return np.asarray(lift(A) @ lift(x)).astype(x.dtype)


@mutant(fails={"identity": EVERY}, cause="missing term")
def transposed_product_alone(A: Array, x: Array) -> Array:
    """A^T x: the first x is taken for a constant."""
    return np.asarray(lift(A).T @ lift(x)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="missing term")
def upper_triangle_alone(A: Array, x: Array) -> Array:
    """The upper triangle stands for the whole, as of a matrix that is stored so."""
    U = np.triu(lift(A))
    return np.asarray((U + U.T) @ lift(x)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="wrong factor")
def half_the_form(A: Array, x: Array) -> Array:
    """(A + A^T) x / 2: the gradient of <x, A x> / 2."""
    return (form(A, x) / 2).astype(x.dtype)


@mutant(fails={"identity": EVERY}, cause="wrong sign")
def form_negated(A: Array, x: Array) -> Array:
    """The sign of an ascent."""
    return (-form(A, x)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="wrong sign")
def difference_of_products(A: Array, x: Array) -> Array:
    """A x - A^T x: the sign of the transpose is wrong."""
    M, v = lift(A), lift(x)
    return np.asarray((M - M.T) @ v).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="wrong factor")
def diagonal_counted_once(A: Array, x: Array) -> Array:
    """The diagonal stands once, where A + A^T has it twice."""
    M = lift(A)
    return np.asarray((M + M.T - np.diag(np.diag(M))) @ lift(x)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def form_forward_difference(A: Array, x: Array) -> Array:
    """(f(x + h e_i) - f(x)) / h with h = 1e-6."""
    M, v = lift(A), lift(x)
    here, step = v @ M @ v, v.dtype.type(STEP)
    return difference_quotients(here + step * (form(A, x) + step * np.diag(M)), here).astype(x.dtype)


@mutant(fails={"accuracy": ("float64", "float32")}, cause="precision narrowed")
def form_through_float16(A: Array, x: Array) -> Array:
    """A is kept in half precision."""
    return form(A.astype(np.float16).astype(A.dtype), x).astype(x.dtype)


plant(form_through_float32=contract.through_float32)


@mutant(fails={"finite": EVERY})
def form_scaled_up(A: Array, x: Array) -> Array:
    """The matrix is scaled up lest small terms underflow, and back; large ones overflow."""
    factor = np.asarray(np.sqrt(fmt(x).max)).astype(x.dtype)
    M = A * factor
    return (form(M, x) / lift(factor)).astype(x.dtype)


@mutant(fails={"linear_in_A": EVERY}, cause="extra term")
def ridge_added(A: Array, x: Array) -> Array:
    """3 is added to the diagonal, as before a factorisation."""
    M = lift(A) + np.eye(len(x), dtype=lift(A).dtype) * lift(A).dtype.type(3)
    return form(M, lift(x)).astype(x.dtype)


@mutant(fails={"linear_in_x": EVERY}, cause="wrong divisor")
def x_normalised(A: Array, x: Array) -> Array:
    """The gradient at x / norm(x), as of a Rayleigh quotient."""
    v = lift(x)
    norm = np.sqrt(np.sum(v * v))
    return form(A, v / np.where(norm == 0, 1, norm)).astype(x.dtype)


@mutant(fails={"hessian_symmetric": EVERY})
def projected_beside_x(A: Array, x: Array) -> Array:
    """The component along x is taken out, as on a sphere."""
    g, v = form(A, x), lift(x)
    square = np.sum(v * v)
    return (g - v * (np.sum(v * g) / np.where(square == 0, 1, square))).astype(x.dtype)


plant(form_flushed=contract.flushed)


@mutant(fails={"accuracy": EVERY}, cause="missing term")
def tail_of_x_skipped(A: Array, x: Array) -> Array:
    """The loop ends at the last whole vector of four."""
    whole = len(x) - len(x) % 4 or len(x)
    M = lift(A)
    return np.asarray((M + M.T)[:, :whole] @ lift(x)[:whole]).astype(x.dtype)


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def form_in_own_format(A: Array, x: Array) -> Array:
    """The terms are summed one by one in the dtype of `x`, where the sum stagnates."""
    return sum_of_rows_in(x.dtype, ((lift(A) + lift(A).T) * lift(x)).T)


# The contract

plant(
    form_of_running_mean=contract.running_mean,
    form_in_memory_order=contract.memory_order,
    form_in_place=contract.in_place,
    form_buffer_reused=contract.buffer_kept,
    form_promoted=contract.promoted_by_constant,
    form_column=contract.column,
)


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def row_added_to_column(A: Array, x: Array) -> Array:
    """x^T A^T + A^T x, as a solution prints it: a row and a column broadcast to a matrix."""
    v = lift(x)[:, None]
    return np.asarray((v.T @ lift(A).T + lift(A).T @ v).astype(x.dtype))


@mutant(fails={"determinism": WIDE}, cause="nondeterministic")
def form_summed_in_any_order(A: Array, x: Array) -> Array:
    """The terms are added in another order at every call, as atomic additions are."""
    return in_any_order(((lift(A) + lift(A).T) * lift(x)).T).astype(x.dtype)
