"""Functions with their gradients, side by side: what the role gradient_of is shown on."""

import math
from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import subject


# The sum of sin(x^2), and the same through Python's floats, on which no exact number can be put.
def ripples(x: Array) -> Any:
    """The sum of sin(x_i^2)."""
    return np.sin(x**2).sum()


def opaque_ripples(x: Array) -> float:
    """As `ripples`, by Python's math."""
    return math.fsum(math.sin(float(v) ** 2) for v in x)


def _slope(x: Array) -> Array:
    w = x.astype(np.float64)  # the angle has to keep its digits
    return (2 * w * np.cos(w**2)).astype(x.dtype)


@subject("gradient_of", kind="reference", of=ripples, of_origin=f"{__name__}:ripples")
def ripples_gradient(x: Array) -> Array:
    """2 x cos(x^2)."""
    return _slope(x)


@subject("gradient_of", kind="reference", of=opaque_ripples, of_origin=f"{__name__}:opaque_ripples")
def opaque_ripples_gradient(x: Array) -> Array:
    """2 x cos(x^2)."""
    return _slope(x)


# Rosenbrock's function, chained: a polynomial, on which exact arithmetic decides.
def rosenbrock(x: Array) -> Any:
    """The sum of 100 (x_(i+1) - x_i^2)^2 + (1 - x_i)^2 over all neighbours, and of x_i^2 over all entries."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum() + (x**2).sum()


@subject("gradient_of", kind="reference", of=rosenbrock, of_origin=f"{__name__}:rosenbrock")
def rosenbrock_gradient(x: Array) -> Array:
    """Each neighbour's part to both of its entries, in float32 at least where `x` is of floats."""
    w = x if x.dtype == object else x.astype(np.promote_types(x.dtype, np.float32))
    head, gap = w[:-1], w[1:] - w[:-1] ** 2
    nothing = w[:1] * 0
    inner = np.concatenate([-400 * head * gap - 2 * (1 - head), nothing])
    g: Array = 2 * w + inner + np.concatenate([nothing, 200 * gap])
    return g.astype(x.dtype)


# The sum of log(1 + exp(x)), whose gradient is the logistic function.
def softplus(x: Array) -> Any:
    """The sum of log(1 + exp(x_i)), from exponentials of what is at most 0."""
    return (np.maximum(x, 0 * x) + np.log1p(np.exp(-np.abs(x)))).sum()


@subject("gradient_of", kind="reference", of=softplus, of_origin=f"{__name__}:softplus")
def softplus_gradient(x: Array) -> Array:
    """1 / (1 + exp(-x)), and e / (1 + e) below zero, in float32 at least, rounded to the dtype of `x` at the end."""
    w = x.astype(np.promote_types(x.dtype, np.float32))
    e = np.exp(-np.abs(w))
    return (np.where(w > 0, 1, e) / (1 + e)).astype(x.dtype)
