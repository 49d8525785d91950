"""Systems: regimes of matrices and vectors for the gradients of quadratics, each kind with an end in view.

A regime makes a matrix B of m rows of n, a vector x of n and a vector c of m for each row of a `Draw`, as float64
values. `ALL` are for any shape, `SQUARE` for square matrices besides, `FITTED` for a residual B x - c besides. A
role takes of them what it needs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.inputs.regimes import Regime
from extremum.reference.arithmetic.formats import Array

System = tuple[Array, Array, Array]
Maker = Callable[[Draw], System]
TALL = {1: (64, 8192), 2: (1024, 4097), 3: (64, 257)}  # numbers of rows besides, by number of columns
LARGE = {400: (8192,), 4096: (1024,)}  # up to 2**22 entries
DIGITS = 3  # bits that the sums of integers keep free: some forms work with halves or twice of them


def system(name: str, description: str, *, long: bool = False) -> Callable[[Maker], Regime]:
    """A decorator: the regime of that name, whose systems the function makes."""
    return lambda rows: Regime(name, rows, description, long)


def heights(n: int) -> tuple[int, ...]:
    """How many rows a matrix of n columns has: as many, fewer and more; tall where n is small, flat where large."""
    if n > 256:
        return (3, *((129,) if n > 1000 else ()), *LARGE.get(n, ()))
    if n > 33:
        return (n // 2, n)
    tall = TALL.get(n, ())
    return (*sorted({n, max(n // 2, 1), n + 1}, key=lambda m: m != n), *tall)


def as_many(n: int) -> tuple[int, ...]:
    """The height of a square matrix."""
    return (n,)


def matrix(d: Draw, fill: Callable[[Draw], Array]) -> Array:
    """Matrices of entries drawn by `fill`, shape (rows, m, n)."""
    return np.broadcast_to(fill(d.of_length(d.m * d.n)), (d.rows, d.m * d.n)).reshape(d.rows, d.m, d.n)


def vector(d: Draw, fill: Callable[[Draw], Array], n: int = 0) -> Array:
    """Vectors of `n` entries (d.n unless said) drawn by `fill`, shape (rows, n)."""
    n = n or d.n
    return np.broadcast_to(fill(d.of_length(n)), (d.rows, n))


def everywhere(fill: Callable[[Draw], Array]) -> Maker:
    """All entries of matrix and vectors drawn alike."""

    def make(d: Draw) -> System:
        return matrix(d, fill), vector(d, fill), vector(d, fill, d.m)

    return make


def between(d: Draw) -> Array:
    """Numbers between -3 and 3."""
    return d.uniform(-3.0, 3.0, each=True)


@system(
    "integer-system",
    "Integers so small that every sum of products is an integer below 2^p: float arithmetic has to be exact.",
)
def integers(d: Draw) -> System:
    terms = 2 * d.m * (d.n + 1) * 2**DIGITS
    most = (2.0**d.fmt.precision / terms) ** (1 / 3)
    high = int(np.clip(pick(d, [4.0, 2.0**16]).max(), 1, max(most, 1)))
    return everywhere(lambda e: e.integers(-high, high, each=True).astype(np.float64))(d)


def any_finite(d: Draw) -> Array:
    """Any finite floats, every bit pattern alike: most products leave the range."""
    top = d.fmt.largest_ordinal
    return d.fmt.from_ordinal(d.integers(-top, top, each=True)).astype(np.float64)


def _scaled(d: Draw, of_matrix: Array, of_vector: Array, of_target: Array) -> System:
    """Entries of either sign from 1/2 to 1, times powers of two with these exponents (rows, 1)."""

    def fill(e: Draw) -> Array:
        return e.uniform(0.5, 1.0, each=True) * pick(e, [1.0, -1.0], each=True)

    B, x, c = (np.exp2(np.round(exponent)) for exponent in (of_matrix, of_vector, of_target))
    return matrix(d, fill) * B[..., None], vector(d, fill) * x, vector(d, fill, d.m) * c


def _octaves(d: Draw) -> float:
    """The exponent of the largest finite value."""
    return float(np.log2(d.fmt.max))


@system(
    "huge-products",
    "Products around the end of the range: a matrix and a vector whose gradient may just be finite, or just not.",
)
def huge(d: Draw) -> System:
    top = _octaves(d) - 2 * np.log2(d.m * d.n + 1.0) + d.integers(-4, 4)
    return _scaled(d, top / 3, top / 3, 2 * top / 3)


@system("tiny-products", "Products around the smallest normal and subnormal numbers.")
def tiny(d: Draw) -> System:
    low = np.log2(d.fmt.tiny) - d.fmt.precision * d.uniform(0.0, 1.0)
    return _scaled(d, low / 3, low / 3, 2 * low / 3)


@system(
    "opposite-scales",
    "A huge matrix and a tiny vector, or a tiny one and a huge one, with a product of ordinary size.",
)
def opposite(d: Draw) -> System:
    span = pick(d, [0.3, 0.45, 0.75, -0.3, -0.75]) * (_octaves(d) - np.log2(d.m * d.n + 1.0))
    return _scaled(d, span, -span, 0.0 * span)


@system("subnormal-vectors", "Entries of the vectors below the normal range, under a matrix of ordinary size.")
def subnormal(d: Draw) -> System:
    B, x, c = everywhere(between)(d)
    return B, x / 3.0 * d.fmt.tiny, c / 3.0 * d.fmt.tiny


@system("graded-columns", "Columns of very different sizes, and entries of x that make up for them.")
def graded(d: Draw) -> System:
    span = _octaves(d) / 8
    powers = 2.0 ** np.round(vector(d, lambda e: e.uniform(-span, span, each=True)))
    B, x, c = everywhere(between)(d)
    return B * powers[:, None, :], x / powers, c


@system(
    "cancelling-columns",
    "Neighbouring columns that are equal up to a step or two, and entries of x that are opposite: B x cancels.",
)
def cancelling(d: Draw) -> System:
    B, x, c = everywhere(between)(d)
    source = np.arange(d.n) // 2 * 2
    near = d.fmt.step(B[:, :, source], matrix(d, lambda e: e.integers(-2, 2, each=True))).astype(np.float64)
    return near, x[:, source] * np.where(np.arange(d.n) % 2, -1.0, 1.0), c


@system("zero-vectors", "A vector or a matrix of zeros of either sign.")
def zeros(d: Draw) -> System:
    B, x, c = everywhere(between)(d)
    zero = pick(d, [0.0, -0.0])
    kind = d.integers(0, 3)
    where_B, where_x, where_c = (np.asarray((kind == k) | (kind == 3)) for k in range(3))
    return np.where(where_B[..., None], zero[..., None], B), np.where(where_x, zero, x), np.where(where_c, zero, c)


@system("one-entry", "A matrix with a single entry that is not zero, which shows where it goes.")
def one_entry(d: Draw) -> System:
    B, x, c = everywhere(between)(d)
    flat = np.arange(d.m * d.n) == d.integers(0, d.m * d.n - 1)
    return np.where(flat.reshape(d.rows, d.m, d.n), 3.0, 0.0 * B), x, c


@system(
    "even-rows",
    "Rows of one positive number each, and a constant vector: long sums of equal terms, which stagnate in 16 bits.",
    long=True,
)
def even_rows(d: Draw) -> System:
    u, x, c = (
        pick(d.of_length(n), values, each=True) for n, values in ((d.m, [1.0, 1.5, 2.0]), (1, [1.0, 0.5]), (d.m, [0.0]))
    )
    return np.broadcast_to(u[..., None], (d.rows, d.m, d.n)), np.broadcast_to(x, (d.rows, d.n)), c


@system("rank-one", "A matrix u v^T of small integers: every row is a multiple of one.")
def rank_one(d: Draw) -> System:
    u, v = (vector(d, lambda e: e.integers(-7, 7, each=True).astype(np.float64), n) for n in (d.m, d.n))
    _, x, c = everywhere(between)(d)
    return u[:, :, None] * v[:, None, :], x, c


@system("singular", "A matrix whose rows come in pairs, and whose columns sum to nearly nothing against x.")
def singular(d: Draw) -> System:
    B, x, c = everywhere(between)(d)
    return B[:, np.arange(d.m) // 2], np.abs(x[:, :1]) + 0.0 * x, c


@system("skew", "A matrix that is the negative of its transpose, to the bit: the gradient of its form is exactly zero.")
def skew(d: Draw) -> System:
    return _mirrored(d, -1.0)


@system("symmetric", "A symmetric matrix: (A + A^T) x is 2 A x, and no formula that forgets the transpose shows.")
def symmetric(d: Draw) -> System:
    return _mirrored(d, 1.0)


@system("nearly-symmetric", "A symmetric matrix with one entry off by a step.")
def nearly_symmetric(d: Draw) -> System:
    B, x, c = _mirrored(d, 1.0)
    place = (np.arange(d.m * d.n) == d.integers(0, d.m * d.n - 1)).reshape(d.rows, d.m, d.n)
    return d.fmt.step(B, place.astype(np.int64)).astype(np.float64), x, c


@system("triangular", "A matrix with nothing below the diagonal, or nothing above.")
def triangular(d: Draw) -> System:
    B, x, c = everywhere(between)(d)
    upper = np.triu(np.ones((d.m, d.n), bool))
    return np.where(np.where(d.integers(0, 1)[..., None] == 1, upper, upper.T), B, 0.0), x, c


@system("at-the-minimiser", "c is B x but for a few steps, as where a fit has converged: the residual is all rounding.")
def at_the_minimiser(d: Draw) -> System:
    B, x, _ = everywhere(between)(d)
    fitted = np.einsum("rmn,rn->rm", d.fmt.round(B).astype(np.float64), d.fmt.round(x).astype(np.float64))
    return B, x, d.fmt.step(fitted, vector(d, lambda e: e.integers(-3, 3, each=True), d.m)).astype(np.float64)


def _mirrored(d: Draw, sign: float) -> System:
    B, x, c = everywhere(between)(d)
    upper = np.triu(B, 1)
    diagonal = np.where(np.eye(d.m, d.n) == 1, B, 0.0) if sign > 0 else 0.0
    return upper + sign * np.swapaxes(upper, 1, 2) + diagonal, x, c


ALL = (
    Regime("ordinary-system", everywhere(between), "Numbers between -3 and 3."),
    *(integers, zeros, one_entry, even_rows, rank_one, singular, cancelling, graded, opposite, huge, tiny, subnormal),
    Regime(
        "any-finite-system",
        everywhere(any_finite),
        "Any finite floats, every bit pattern alike: most products leave the range.",
    ),
)
SQUARE = (symmetric, skew, nearly_symmetric, triangular)
FITTED = (at_the_minimiser,)
