"""Mutants of the gradient of norm(B x)^2: what people get wrong about 2 B^T B x, one defect each."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._parts import lift, mutants_of
from extremum.reference.mutants._systems import STEP, difference_quotients, flush, in_memory_order, squares
from extremum.reference.subjects.subject import EVERY, NARROW, WIDE

mutant = mutants_of("squared_norm_gradient")

_buffer = [np.empty(0)]
_running = [np.empty(0)]
_scheduler = np.random.default_rng()


@mutant(fails={"accuracy": EVERY})
def factor_two_forgotten(B: Array, x: Array) -> Array:
    """B^T B x."""
    return (squares(B, lift(B) @ lift(x)) / 2).astype(x.dtype)


@mutant(fails={"linear_in_x": EVERY})
def norm_not_squared(B: Array, x: Array) -> Array:
    """B^T B x / norm(B x): the gradient of the norm."""
    r = lift(B) @ lift(x)
    norm = np.sqrt(np.sum(r * r))
    return squares(B, r / np.where(norm == 0, 1, norm)).astype(x.dtype)


@mutant(fails={"identity": EVERY})
def descent_direction(B: Array, x: Array) -> Array:
    """-2 B^T B x: the sign of a step."""
    return (-squares(B, lift(B) @ lift(x))).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def transpose_forgotten(B: Array, x: Array) -> Array:
    """2 B B x where B is square, which shapes do not show."""
    r = lift(B) @ lift(x)
    return np.asarray(2 * ((lift(B) if len(r) == len(x) else lift(B).T) @ r)).astype(x.dtype)


@mutant(fails={"identity": EVERY})
def outer_transpose_forgotten(B: Array, x: Array) -> Array:
    """2 B B^T x where B is square."""
    M = lift(B) if B.shape[0] != B.shape[1] else lift(B).T
    return np.asarray(2 * (M.T @ (M @ lift(x)))).astype(x.dtype)


@mutant(fails={"hessian_symmetric": EVERY})
def diagonal_of_gram(B: Array, x: Array) -> Array:
    """The Gram matrix is taken for upper triangular."""
    return np.asarray(2 * (np.triu(lift(B).T @ lift(B)) @ lift(x))).astype(x.dtype)


@mutant(fails={"accuracy": EVERY}, cause="cancellation")
def squares_forward_difference(B: Array, x: Array) -> Array:
    """(f(x + h e_i) - f(x)) / h with h = 1e-6."""
    r = lift(B) @ lift(x)
    moved = np.sum((r[:, None] + r.dtype.type(STEP) * lift(B)) ** 2, axis=0)
    return difference_quotients(moved, np.sum(r**2)).astype(x.dtype)


@mutant(fails={"accuracy": ("float64",)}, cause="precision narrowed")
def squares_through_float32(B: Array, x: Array) -> Array:
    """The product is in float32, even for float64."""
    M = B.astype(np.float32)
    return squares(M, M @ x.astype(np.float32)).astype(x.dtype)


@mutant(fails={"accuracy": ("float64", "float32")}, cause="precision narrowed")
def product_in_half(B: Array, x: Array) -> Array:
    """B x is kept in half precision between the two products."""
    return squares(B, (lift(B) @ lift(x)).astype(np.float16).astype(lift(x).dtype)).astype(x.dtype)


@mutant(fails={"finite": EVERY})
def product_squared(B: Array, x: Array) -> Array:
    """norm(B x)^2 is computed on the way, to scale the gradient by and back."""
    r = lift(B) @ lift(x)
    square = np.sum(r.astype(x.dtype) ** 2) * np.sum(np.abs(r.astype(x.dtype)))
    top = lift(np.asarray(np.where(square == 0, x.dtype.type(1), square))).astype(r.dtype)
    return (squares(B, r / top) * top).astype(x.dtype)


@mutant(fails={"accuracy": EVERY})
def last_row_skipped(B: Array, x: Array) -> Array:
    """The loop over rows ends at the last whole vector of four."""
    whole = len(B) - len(B) % 4 or len(B)
    return squares(B[:whole], lift(B)[:whole] @ lift(x)).astype(x.dtype)


@mutant(fails={"gradual_underflow": EVERY}, cause="subnormals flushed")
def squares_flushed(B: Array, x: Array) -> Array:
    """What is below the smallest normal is made zero."""
    return flush(squares(B, lift(B) @ lift(x)).astype(x.dtype))


@mutant(fails={"accuracy": NARROW}, cause="accumulator stagnation")
def squares_in_own_format(B: Array, x: Array) -> Array:
    """The sum over rows stagnates in the dtype of `x`."""
    r = lift(B) @ lift(x)
    y = np.zeros(x.shape, x.dtype)
    for row in (2 * lift(B) * r[:, None]).astype(x.dtype):
        y = y + row
    return y


# The contract


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def squares_of_running_mean(B: Array, x: Array) -> Array:
    """The answer is averaged with earlier ones of that length."""
    y = squares(B, lift(B) @ lift(x))
    if _running[0].shape == y.shape and _running[0].dtype == y.dtype:
        y = (y + 9 * _running[0]) / 10
    _running[0] = y
    return y.astype(x.dtype)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def squares_in_memory_order(B: Array, x: Array) -> Array:
    """Strides are ignored: views are read in the order of memory."""
    B, x = (in_memory_order(a) for a in (B, x))
    return squares(B, lift(B) @ lift(x)).astype(x.dtype)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def squares_in_place(B: Array, x: Array) -> Array:
    """The answer is written over the caller's `x`."""
    x[...] = squares(B, lift(B) @ lift(x)).astype(x.dtype)
    return x.copy()


@mutant(fails={"purity": EVERY}, cause="state leaks between rows")
def squares_buffer_reused(B: Array, x: Array) -> Array:
    """The result is kept, and overwritten and returned again at the next call."""
    if _buffer[0].shape != x.shape or _buffer[0].dtype != x.dtype:
        _buffer[0] = np.empty(x.shape, x.dtype)
    _buffer[0][...] = squares(B, lift(B) @ lift(x))
    return _buffer[0]


@mutant(fails={"dtype": ("float32", "float16", "bfloat16")})
def squares_promoted(B: Array, x: Array) -> Array:
    """A factor of float64 promotes the result."""
    return np.asarray(squares(B, lift(B) @ lift(x)) * np.float64(1.0))


@mutant(fails={"shape": EVERY})
def squares_column(B: Array, x: Array) -> Array:
    """The answer is returned as a column."""
    return squares(B, lift(B) @ lift(x)).astype(x.dtype)[:, None]


@mutant(fails={"determinism": WIDE})
def squares_summed_in_any_order(B: Array, x: Array) -> Array:
    """The rows are added in another order at every call, as atomic additions are."""
    terms = 2 * lift(B) * (lift(B) @ lift(x))[:, None]
    return np.asarray(np.add.accumulate(_scheduler.permutation(terms))[-1]).astype(x.dtype)
