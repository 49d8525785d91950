"""The quotient rule, for the claims about the Jacobian of softmax: the entries that it gives, and the exact ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from extremum.properties.claims.checks import Holds
from extremum.properties.claims.exponents import ERROR_BITS, e, jacobian, softmax, total
from extremum.properties.model.rounding import EXP_ERROR
from extremum.reference.arithmetic.formats import Array, Format


def quotient_slope(f: Array, g: Array, x: Any) -> Any:
    """The derivative of f / g at x from its definition, for polynomials given by coefficients.

    N(h) = f(x + h) g(x) - f(x) g(x + h) is a polynomial in h with N(0) = 0, so that the quotient of differences
    N(h) / (h g(x + h) g(x)) tends to N'(0) / g(x)^2, and N'(0) is a coefficient. Undefined where g(x) = 0.
    """
    F, G, shift = flint.fmpq_poly(list(f)), flint.fmpq_poly(list(g)), flint.fmpq_poly([x, 1])
    numerator = F(shift) * G(x) - F(x) * G(shift)
    return numerator[1] / G(x) ** 2


def by_rule(f: Array, g: Array, x: Any) -> Any:
    """(f' g - g' f) / g^2 at x. Undefined where g(x) = 0."""
    F, G = flint.fmpq_poly(list(f)), flint.fmpq_poly(list(g))
    return (F.derivative()(x) * G(x) - G.derivative()(x) * F(x)) / G(x) ** 2


def ruled(a: Any, b: Any, c: Any, d: Any, x: Any) -> Any:
    """The quotient rule for f = a + b x and g = c^2 + d^2 x^2, whose terms are positive."""
    f, g = a + b * x, c * c + d * d * x * x
    return (b * g - 2 * d * d * x * f) / (g * g)


def finite_entry(numerator: Callable[[Array], Any]) -> Holds:
    """Whether this numerator over (sum exp x)^2 is finite, for rows of two entries or more: there the Jacobian is."""
    return lambda row, fmt: len(row) < 2 or bool(np.isfinite(numerator(row) / np.square(np.exp(row).sum())))


def composed(x: Array, first: Any) -> Array:
    """The matrix with `first` as its first entry, its corners as they are printed, and its dots as they should be."""
    E, square = e(x), squared_total(x)
    J = -np.outer(E, E) / square
    for i in range(len(x)):
        J[i, i] = diagonal(x, i)
    if len(x) > 1:  # a matrix of one entry has its last alone
        J[0, 0] = first / square
    return J


def entry(x: Array, i: int, j: int) -> Any:
    """Entry i, j of the exact Jacobian."""
    return jacobian(x)[i, j]


def diagonal(x: Array, i: int) -> Any:
    """(e_i S - exp(2 x_i)) / S^2."""
    return (e(x)[i] * total(x) - e(2 * x)[i]) / squared_total(x)


def squared_total(x: Array) -> Any:
    """S^2, S the sum of the exponentials."""
    return total(x) * total(x)


def in_probabilities(x: Array) -> Array:
    """The matrix of s_i (delta_ij - s_j)."""
    s = softmax(x)
    return np.array([[p * (int(i == j) - q) for j, q in enumerate(s)] for i, p in enumerate(s)])


def rounded_exp(row: Array, fmt: Format) -> bool:
    """Whether np.exp is right to r_e u, and where it underflows to r_e times the smallest subnormal."""
    r = EXP_ERROR[fmt.name]
    with flint.ctx.workprec(ERROR_BITS):
        exact = [flint.arb(float(v)).exp() for v in row]
        computed = [float(v) for v in np.exp(row)]
        return all(
            s >= fmt.max * (1 - r * fmt.unit_roundoff)
            if c == np.inf
            else abs(c - s) <= s * (r * fmt.unit_roundoff) + r * fmt.eta
            for c, s in zip(computed, exact, strict=True)
        )
