"""Sums of parts that are not brought to one maximum, and an epsilon: named where the answers show them alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from planted_defects import cause_of, row, sound

from extremum.reference.arithmetic.formats import Array

Function = Callable[..., Any]


def in_parts(size: int, *, running: bool = False, rescaled: bool = False) -> Function:
    """A softmax whose sums of blocks are added up under maxima of their own, or under the one so far; or rescaled."""

    def function(x: Array, axis: int = -1) -> Array:
        w = np.moveaxis(x, axis, -1).astype(np.promote_types(x.dtype, np.float32))
        blocks = [w[..., i : i + size] for i in range(0, w.shape[-1], size)]
        tops = np.stack([block.max(axis=-1, keepdims=True) for block in blocks])
        tops = np.maximum.accumulate(tops) if running else tops
        whole = w.max(axis=-1, keepdims=True)
        weights = np.exp(tops - whole) if rescaled else np.ones_like(tops)
        total = sum(
            np.exp(b - t).sum(axis=-1, keepdims=True) * v for b, t, v in zip(blocks, tops, weights, strict=True)
        )
        return np.moveaxis((np.exp(w - whole) / total).astype(x.dtype), -1, axis)

    return function


def lanes(x: Array, axis: int = -1) -> Array:
    w = np.moveaxis(x, axis, -1)
    total = sum(
        np.exp(w[..., k::8] - w[..., k::8].max(axis=-1, keepdims=True)).sum(-1) for k in range(min(8, w.shape[-1]))
    )
    return np.moveaxis(np.exp(w - w.max(axis=-1, keepdims=True)) / np.asarray(total)[..., None], -1, axis)


@pytest.mark.parametrize(
    ("size", "running"), [(1, True), *((size, running) for size in (4, 48, 64, 512) for running in (False, True))]
)
def test_sums_of_parts_that_are_not_rescaled_are_told_whatever_the_parts(size: int, running: bool) -> None:
    case = row(*np.linspace(-1, 1, 4 * size + 1).tolist())
    assert cause_of(in_parts(size, running=running), "accuracy", case) == "sums not rescaled"


def test_lanes_and_logarithms_too() -> None:
    case = row(*np.linspace(-1, 1, 33).tolist())
    assert cause_of(lanes, "accuracy", case) == "sums not rescaled"
    log_of = in_parts(16, running=True)
    assert (
        cause_of(lambda x, axis=-1: np.log(log_of(x, axis)), "accuracy", case, role="log_softmax")
        == "sums not rescaled"
    )


def test_what_is_rescaled_or_wrong_otherwise_is_no_such_sum() -> None:
    case = row(*np.linspace(-1, 1, 33).tolist())
    entries = row(0.0, 1.0, 2.0)
    of_length = lambda x, axis=-1: x.max(axis=axis) + np.log(x.dtype.type(x.shape[axis]))  # noqa: E731
    assert cause_of(of_length, "accuracy", entries, role="logsumexp") != "sums not rescaled"
    assert cause_of(in_parts(16, rescaled=True), "accuracy", case, refuted=False) != "sums not rescaled"
    for wrong in (
        lambda x, axis=-1: sound(x, axis) / 2,
        lambda x, axis=-1: np.clip(sound(x, axis), 0, 0.02),
        lambda x, axis=-1: np.exp(x - x.max(axis=axis, keepdims=True)),
        lambda x, axis=-1: sound(x - x[..., :1] / 2, axis),
        lambda x, axis=-1: np.exp(x - x.max(axis=axis, keepdims=True)) / x.dtype.type(x.shape[axis]),
        lambda x, axis=-1: sound(x, axis) * np.float32(np.inf),
    ):
        assert cause_of(wrong, "accuracy", case, refuted=False) != "sums not rescaled"


def loss_with(change: Callable[[Array], Array]) -> Function:
    return lambda logits, L: np.asarray(-np.log(change(sound(logits)))[L])


def log_with(change: Callable[[Array], Array], x: Array, axis: int = -1) -> Array:
    return np.asarray(np.log(change(sound(x, axis))))


@pytest.mark.parametrize("epsilon", [1e-3, 1e-5, 1e-8, 1e-12])
def test_an_epsilon_of_any_size_is_told(epsilon: float) -> None:
    case = row(0.0, -np.log(epsilon))
    log_of = partial(log_with, lambda p: p + p.dtype.type(epsilon))
    assert cause_of(log_of, "accuracy", case, role="log_softmax") == "epsilon added"
    loss = {"logits": case["x"], "L": np.array([0])}
    assert (
        cause_of(loss_with(lambda p: p + p.dtype.type(epsilon)), "accuracy", loss, role="cross_entropy")
        == "epsilon added"
    )


def test_a_floor_a_smoothed_label_and_a_rounding_are_no_epsilon() -> None:
    case = row(0.0, 20.0)
    for change in (lambda p: np.maximum(p, 1e-5), lambda p: p * 0.999, lambda p: p.astype(np.float16).astype(p.dtype)):
        log_of = partial(log_with, change)
        assert cause_of(log_of, "accuracy", case, role="log_softmax", refuted=False) != "epsilon added"
    smoothed = lambda x, axis=-1: sound(x, axis) * 0.9999 + 1e-4 / x.shape[axis]  # noqa: E731
    assert cause_of(smoothed, "accuracy", case, refuted=False) != "epsilon added"


def test_a_masked_row_is_wrong_for_what_the_finite_one_is_wrong_for() -> None:
    def of_largest_magnitude(x: Array, axis: int = -1) -> Array:
        top = np.abs(x).max(axis=axis, keepdims=True)
        return np.asarray(np.log(np.exp(x - top).sum(axis=axis)) + top.squeeze(axis))

    case = row(0.0, -np.inf)
    assert cause_of(of_largest_magnitude, "mask", case, role="logsumexp") == "underflow to zero"
