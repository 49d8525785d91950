"""The sound softmax in pieces: each mutant is made of these, with one of them wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._arrays import lift, round_like
from extremum.reference.subjects.subject import subject

LOG2_E = 1.4426950408889634

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def peak(w: Array, axis: int = -1) -> Array:
    """The maximum of each row."""
    return np.asarray(w.max(axis=axis, keepdims=True))


def total(e: Array, axis: int = -1) -> Array:
    """The sum of each row."""
    return np.asarray(e.sum(axis=axis, keepdims=True))


def gaps(w: Array, axis: int = -1) -> Array:
    """w - max w."""
    return np.asarray(w - peak(w, axis))


def exp_below(w: Array, top: Array) -> Array:
    """exp(w - top), and zero where all of it is masked."""
    return np.asarray(np.exp(w - np.where(np.isneginf(top), 0, top)))


def exps(w: Array, axis: int = -1) -> Array:
    """exp(w - max w)."""
    return np.asarray(np.exp(gaps(w, axis)))


def ratio(e: Array, axis: int = -1) -> Array:
    """e / sum e."""
    return np.asarray(e / total(e, axis))


def quotient(e: Array, divisor: Array, x: Array) -> Array:
    """e / divisor, rounded to the dtype of `x`."""
    return round_like(e / divisor, x)


def probabilities(x: Array, axis: int = -1) -> Array:
    """softmax(x) in the format of the computation."""
    return ratio(exps(lift(x), axis), axis)


def sound(x: Array, axis: int) -> Array:
    """The sound softmax: `extremum.reference.softmax`."""
    return probabilities(x, axis).astype(x.dtype)


def blocks(w: Array, size: int) -> Array:
    """The rows cut into blocks of `size`, of shape (..., blocks, size); the last is filled up with -inf."""
    padding = [(0, 0)] * (w.ndim - 1) + [(0, -w.shape[-1] % size)]
    padded = np.pad(w, padding, constant_values=-np.inf)
    return padded.reshape(*w.shape[:-1], -1, size)


def from_blocks(blocks_: Array, n: int) -> Array:
    """The inverse of `blocks`: rows of length n."""
    return blocks_.reshape(*blocks_.shape[:-2], -1)[..., :n]


def mutants_of(role: str, **declared: Any) -> Callable[..., Decorator]:
    """The decorator of a role's mutants, `subject` with what they have in common; `cause` is "unknown" unless given."""
    return partial(subject, role, kind="mutant", cause="unknown", **declared)
