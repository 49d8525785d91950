"""Mutants of gradients of functions that are given: what people get wrong in differentiating, one defect each."""

from __future__ import annotations

from functools import partial
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
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.subjects.subject import EVERY, NARROW, subject

_noise = np.random.default_rng()
ROSENBROCK: dict[str, Any] = {"of": rosenbrock, "of_origin": f"{rosenbrock.__module__}:rosenbrock"}
SOFTPLUS: dict[str, Any] = {"of": softplus, "of_origin": f"{softplus.__module__}:softplus"}
RIPPLES: dict[str, Any] = {"of": ripples, "of_origin": f"{ripples.__module__}:ripples"}
OPAQUE: dict[str, Any] = {"of": opaque_ripples, "of_origin": f"{ripples.__module__}:opaque_ripples"}


@subject("gradient_of", kind="mutant", fails={"identity": EVERY}, cause="unknown", **ROSENBROCK)
def factor_of_the_inner_square(x: Array) -> Array:
    """-200 x_i (x_(i+1) - x_i^2): the 2 of the inner square is forgotten."""
    head = x[:-1]
    less = np.concatenate([200 * head * (x[1:] - head**2), x[:1] * 0])
    return round_like(rosenbrock_gradient(x) + less, x)


@subject("gradient_of", kind="mutant", fails={"identity": EVERY}, cause="unknown", **ROSENBROCK)
def last_entry_forgotten(x: Array) -> Array:
    """The last entry belongs to a neighbour on the left alone, and gets nothing."""
    g = rosenbrock_gradient(x)
    g[-1:] = g[-1:] * 0
    return g


@subject("gradient_of", kind="mutant", fails={"identity": EVERY}, cause="unknown", **ROSENBROCK)
def ridge_forgotten(x: Array) -> Array:
    """The gradient of the sum over neighbours, without that of the ridge."""
    return round_like(rosenbrock_gradient(x) - 2 * x, x)


@subject("gradient_of", kind="mutant", fails={"derivative": EVERY}, cause="unknown", **RIPPLES)
def inner_derivative_forgotten(x: Array) -> Array:
    """cos(x^2), without 2 x."""
    return np.cos(lift(x) ** 2).astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"derivative": EVERY}, cause="unknown", **RIPPLES)
def sine_for_cosine(x: Array) -> Array:
    """-2 x sin(x^2), the derivative of the cosine."""
    w = lift(x)
    return (-2 * w * np.sin(w**2)).astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"derivative": EVERY}, cause="unknown", **SOFTPLUS)
def cut_graph(x: Array) -> Array:
    """Zeros, as of a graph that was cut."""
    return np.zeros_like(x)


@subject("gradient_of", kind="mutant", fails={"derivative": EVERY}, cause="unknown", **SOFTPLUS)
def step_for_logistic(x: Array) -> Array:
    """1 where x > 0: the derivative of what softplus smooths."""
    return (x > 0).astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"finite": ("float32", *NARROW)}, cause="unknown", **SOFTPLUS)
def logistic_of_large_exponentials(x: Array) -> Array:
    """exp(x) / (1 + exp(x)), which is inf / inf."""
    e = np.exp(lift(x))
    return round_like(e / (1 + e), x)


@subject("gradient_of", kind="mutant", fails={"estimated": EVERY}, cause="unknown", **OPAQUE)
def opaque_inner_derivative_forgotten(x: Array) -> Array:
    """cos(x^2), of a function that no exact number can be put on."""
    return np.cos(lift(x) ** 2).astype(x.dtype)


@subject("gradient_of", kind="mutant", fails={"estimated": EVERY}, cause="unknown", **OPAQUE)
def opaque_half(x: Array) -> Array:
    """x cos(x^2): the factor 2 is forgotten."""
    return (lift(opaque_ripples_gradient(x)) / 2).astype(x.dtype)


# The contract


def _logistic(x: Array) -> Array:
    """The sound gradient of softplus, in the format of the computation."""
    return lift(softplus_gradient(x))


plant = contract.planter(__name__, partial(subject, "gradient_of", kind="mutant", **SOFTPLUS), _logistic)


plant(
    logistic_of_running_mean=contract.running_mean,
    logistic_in_memory_order=contract.memory_order,
    logistic_in_place=contract.in_place,
    logistic_buffer_reused=contract.buffer_kept,
    logistic_promoted=contract.promoted_by_constant,
    logistic_column=contract.column,
)


@subject("gradient_of", kind="mutant", fails={"determinism": EVERY}, cause="nondeterministic", **SOFTPLUS)
def logistic_with_noise(x: Array) -> Array:
    """Noise is added on purpose, as against overfitting."""
    return (lift(softplus_gradient(x)) + _noise.integers(-3, 4) / 8).astype(x.dtype)
