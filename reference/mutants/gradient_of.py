"""Mutants of gradients of functions that are given: what people get wrong in differentiating, one defect each."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.gradient_of import (
    opaque_ripples,
    opaque_ripples_gradient,
    ripples,
    rosenbrock,
    rosenbrock_gradient,
    softplus,
    softplus_gradient,
)
from extremum.reference.mutants._parts import lift
from extremum.reference.mutants._systems import in_memory_order
from extremum.reference.subjects.subject import EVERY, subject

_buffer = [np.empty(0)]
_running = [np.empty(0)]
_scheduler = np.random.default_rng()
ROSENBROCK: dict[str, Any] = {"of": rosenbrock, "of_origin": f"{rosenbrock.__module__}:rosenbrock"}
SOFTPLUS: dict[str, Any] = {"of": softplus, "of_origin": f"{softplus.__module__}:softplus"}
RIPPLES: dict[str, Any] = {"of": ripples, "of_origin": f"{ripples.__module__}:ripples"}
OPAQUE: dict[str, Any] = {"of": opaque_ripples, "of_origin": f"{ripples.__module__}:opaque_ripples"}


@subject("gradient_of", kind="mutant", fails={"identity": EVERY}, **ROSENBROCK)
def factor_of_the_inner_square(x: Array) -> Array:
    """-200 x_i (x_(i+1) - x_i^2): the 2 of the inner square is forgotten."""
    head = x[:-1]
    less = np.concatenate([200 * head * (x[1:] - head**2), x[:1] * 0])
    v: Array = rosenbrock_gradient(x) + less
    return v.astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"identity": EVERY}, **ROSENBROCK)
def last_entry_forgotten(x: Array) -> Array:
    """The last entry belongs to a neighbour on the left alone, and gets nothing."""
    g = rosenbrock_gradient(x)
    g[-1:] = g[-1:] * 0
    return g


@subject("gradient_of", kind="mutant", fails={"identity": EVERY}, **ROSENBROCK)
def ridge_forgotten(x: Array) -> Array:
    """The gradient of the sum over neighbours, without that of the ridge."""
    v: Array = rosenbrock_gradient(x) - 2 * x
    return v.astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"derivative": EVERY}, **RIPPLES)
def inner_derivative_forgotten(x: Array) -> Array:
    """cos(x^2), without 2 x."""
    return np.cos(lift(x) ** 2).astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"derivative": EVERY}, **RIPPLES)
def sine_for_cosine(x: Array) -> Array:
    """-2 x sin(x^2), the derivative of the cosine."""
    w = lift(x)
    return (-2 * w * np.sin(w**2)).astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"derivative": EVERY}, **SOFTPLUS)
def cut_graph(x: Array) -> Array:
    """Zeros, as of a graph that was cut."""
    return np.zeros_like(x)


@subject("gradient_of", kind="mutant", fails={"derivative": EVERY}, **SOFTPLUS)
def step_for_logistic(x: Array) -> Array:
    """1 where x > 0: the derivative of what softplus smooths."""
    return (x > 0).astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"finite": ("float32", "float16", "bfloat16")}, **SOFTPLUS)
def logistic_of_large_exponentials(x: Array) -> Array:
    """exp(x) / (1 + exp(x)), which is inf / inf."""
    e = np.exp(lift(x))
    v: Array = e / (1 + e)
    return v.astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"estimated": EVERY}, **OPAQUE)
def opaque_inner_derivative_forgotten(x: Array) -> Array:
    """cos(x^2), of a function that no exact number can be put on."""
    return np.cos(lift(x) ** 2).astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"estimated": EVERY}, **OPAQUE)
def opaque_half(x: Array) -> Array:
    """x cos(x^2): the factor 2 is forgotten."""
    return (lift(opaque_ripples_gradient(x)) / 2).astype(x.dtype)


# The contract


@subject("gradient_of", kind="mutant", fails={"row_independence": EVERY}, cause="state leaks between rows", **SOFTPLUS)
def logistic_of_running_mean(x: Array) -> Array:
    """The answer is averaged with earlier ones of that length."""
    y = lift(softplus_gradient(x))
    if _running[0].shape == y.shape and _running[0].dtype == y.dtype:
        y = (y + 9 * _running[0]) / 10
    _running[0] = y
    return y.astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"layout": EVERY}, cause="storage order ignored", **SOFTPLUS)
def logistic_in_memory_order(x: Array) -> Array:
    """Strides are ignored: a view is read in the order of memory."""
    return softplus_gradient(in_memory_order(x))


@subject("gradient_of", kind="mutant", fails={"purity": EVERY}, cause="input mutated", **SOFTPLUS)
def logistic_in_place(x: Array) -> Array:
    """The answer is written over the caller's `x`."""
    x[...] = softplus_gradient(x)
    return x.copy()


@subject("gradient_of", kind="mutant", fails={"purity": EVERY}, cause="state leaks between rows", **SOFTPLUS)
def logistic_buffer_reused(x: Array) -> Array:
    """The result is kept, and overwritten and returned again at the next call."""
    if _buffer[0].shape != x.shape or _buffer[0].dtype != x.dtype:
        _buffer[0] = np.empty(x.shape, x.dtype)
    _buffer[0][...] = softplus_gradient(x)
    return _buffer[0]


@subject("gradient_of", kind="mutant", fails={"dtype": ("float32", "float16", "bfloat16")}, **SOFTPLUS)
def logistic_promoted(x: Array) -> Array:
    """A factor of float64 promotes the result."""
    return np.asarray(lift(softplus_gradient(x)) * np.float64(1.0))


@subject("gradient_of", kind="mutant", fails={"shape": EVERY}, **SOFTPLUS)
def logistic_column(x: Array) -> Array:
    """The answer is returned as a column."""
    return softplus_gradient(x)[:, None]


@subject("gradient_of", kind="mutant", fails={"determinism": EVERY}, **SOFTPLUS)
def logistic_with_noise(x: Array) -> Array:
    """Noise is added on purpose, as against overfitting."""
    return (lift(softplus_gradient(x)) + _scheduler.integers(-3, 4) / 8).astype(x.dtype)
