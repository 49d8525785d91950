"""Mutants of the gradient of <x, A x>: what people get wrong about (A + A^T) x, one defect each."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._parts import fmt, lift, mutants_of
from extremum.reference.mutants._systems import STEP, difference_quotients, flush, form, in_memory_order
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("quadratic_form_gradient")

_buffer = [np.empty(0)]
_running = [np.empty(0)]
_scheduler = np.random.default_rng()


@mutant(fails={"skew": EVERY})
def twice_the_product(A: Array, x: Array) -> Array:
    """2 A x, right for a symmetric A alone."""
    return np.asarray(2 * (lift(A) @ lift(x))).astype(x.dtype)


@mutant(fails={"hessian_symmetric": EVERY})
def product_alone(A: Array, x: Array) -> Array:
    """A x: the second x is taken for a constant."""
    return np.asarray(lift(A) @ lift(x)).astype(x.dtype)


@mutant(fails={"identity": EVERY})
def transposed_product_alone(A: Array, x: Array) -> Array:
    """A^T x: the first x is taken for a constant."""
    return np.asarray(lift(A).T @ lift(x)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def upper_triangle_alone(A: Array, x: Array) -> Array:
    """The upper triangle stands for the whole, as of a matrix that is stored so."""
    U = np.triu(lift(A))
    return np.asarray((U + U.T) @ lift(x)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def half_the_form(A: Array, x: Array) -> Array:
    """(A + A^T) x / 2: the gradient of <x, A x> / 2."""
    return (form(A, x) / 2).astype(x.dtype)


@mutant(fails={"identity": EVERY})
def form_negated(A: Array, x: Array) -> Array:
    """The sign of an ascent."""
    return (-form(A, x)).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def difference_of_products(A: Array, x: Array) -> Array:
    """A x - A^T x: the sign of the transpose is wrong."""
    M, v = lift(A), lift(x)
    return np.asarray((M - M.T) @ v).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
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


@mutant(fails={"accuracy": ("float64",)}, cause="precision narrowed")
def form_through_float32(A: Array, x: Array) -> Array:
    """The product is in float32, even for float64."""
    return form(A.astype(np.float32), x.astype(np.float32)).astype(x.dtype)


@mutant(fails={"finite": EVERY})
def form_scaled_up(A: Array, x: Array) -> Array:
    """The matrix is scaled up lest small terms underflow, and back; large ones overflow."""
    factor = np.asarray(np.sqrt(fmt(x).max)).astype(x.dtype)
    M = A * factor
    return (form(M, x) / lift(factor)).astype(x.dtype)


@mutant(fails={"linear_in_A": EVERY})
def ridge_added(A: Array, x: Array) -> Array:
    """3 is added to the diagonal, as before a factorisation."""
    M = lift(A) + np.eye(len(x), dtype=lift(A).dtype) * lift(A).dtype.type(3)
    return form(M, lift(x)).astype(x.dtype)


@mutant(fails={"linear_in_x": EVERY})
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


@mutant(fails={"gradual_underflow": EVERY}, cause="subnormals flushed")
def form_flushed(A: Array, x: Array) -> Array:
    """What is below the smallest normal is made zero."""
    return flush(form(A, x).astype(x.dtype))


@mutant(fails={"accuracy": EVERY})
def tail_of_x_skipped(A: Array, x: Array) -> Array:
    """The loop ends at the last whole vector of four."""
    whole = len(x) - len(x) % 4 or len(x)
    M = lift(A)
    return np.asarray((M + M.T)[:, :whole] @ lift(x)[:whole]).astype(x.dtype)


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def form_in_own_format(A: Array, x: Array) -> Array:
    """The terms are summed one by one in the dtype of `x`, where the sum stagnates."""
    terms = (lift(A) + lift(A).T) * lift(x)
    y = np.zeros(x.shape, x.dtype)
    for column in terms.astype(x.dtype).T:
        y = y + column
    return y


# The contract


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def form_of_running_mean(A: Array, x: Array) -> Array:
    """The answer is averaged with earlier ones of that length."""
    y = form(A, x)
    if _running[0].shape == y.shape and _running[0].dtype == y.dtype:
        y = (y + 9 * _running[0]) / 10
    _running[0] = y
    return y.astype(x.dtype)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def form_in_memory_order(A: Array, x: Array) -> Array:
    """Strides are ignored: views are read in the order of memory."""
    A, x = (in_memory_order(a) for a in (A, x))
    return form(A, x).astype(x.dtype)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def form_in_place(A: Array, x: Array) -> Array:
    """The answer is written over the caller's `x`."""
    x[...] = form(A, x).astype(x.dtype)
    return x.copy()


@mutant(fails={"purity": EVERY}, cause="state leaks between rows")
def form_buffer_reused(A: Array, x: Array) -> Array:
    """The result is kept, and overwritten and returned again at the next call."""
    if _buffer[0].shape != x.shape or _buffer[0].dtype != x.dtype:
        _buffer[0] = np.empty(x.shape, x.dtype)
    _buffer[0][...] = form(A, x)
    return _buffer[0]


@mutant(fails={"dtype": ("float32", "float16", "bfloat16")})
def form_promoted(A: Array, x: Array) -> Array:
    """A factor of float64 promotes the result."""
    return np.asarray(form(A, x) * np.float64(1.0))


@mutant(fails={"shape": EVERY})
def form_column(A: Array, x: Array) -> Array:
    """The answer is returned as a column."""
    return form(A, x).astype(x.dtype)[:, None]


@mutant(fails={"shape": EVERY})
def row_added_to_column(A: Array, x: Array) -> Array:
    """x^T A^T + A^T x, as a solution prints it: a row and a column broadcast to a matrix."""
    v = lift(x)[:, None]
    return np.asarray((v.T @ lift(A).T + lift(A).T @ v).astype(x.dtype))


@mutant(fails={"determinism": WIDE})
def form_summed_in_any_order(A: Array, x: Array) -> Array:
    """The terms are added in another order at every call, as atomic additions are."""
    M, order = lift(A), _scheduler.permutation(len(x))
    return np.asarray(np.add.accumulate(((M + M.T) * lift(x))[:, order], axis=1)[:, -1]).astype(x.dtype)
