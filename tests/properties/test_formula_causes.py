"""Formulas with one defect each, of every role with terms: the cause that is named, and that no neighbour is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from planted_defects import cause_of, row, sound

from extremum.reference.arithmetic.formats import FORMATS, Array

Function = Callable[..., Array]


def matrices(dtype: str) -> dict[str, Array]:
    """Arguments of a least-squares gradient."""
    rng, of = np.random.default_rng(5), FORMATS[dtype].dtype
    given = {"B": rng.normal(size=(1, 3, 3)), "x": rng.normal(size=(1, 3)), "c": rng.normal(size=(1, 3))}
    return {name: a.astype(of) for name, a in given.items()}


def form(dtype: str) -> dict[str, Array]:
    """Arguments of a gradient of a quadratic form."""
    given = matrices(dtype)
    return {"A": given["B"], "x": given["x"]}


LEAST_SQUARES: list[tuple[str, Function]] = [
    ("wrong sign", lambda B, x, c: 2 * B.T @ (c - B @ x)),
    ("wrong sign", lambda B, x, c: 2 * B.T @ (B @ x + c)),
    ("wrong factor", lambda B, x, c: B.T @ (B @ x - c)),
    ("wrong factor", lambda B, x, c: 3 * B.T @ (B @ x - c)),
    ("transposed matrix", lambda B, x, c: 2 * B @ (B @ x - c)),
    ("transposed matrix", lambda B, x, c: 2 * B.T @ (B.T @ x - c)),
    ("missing term", lambda B, x, c: 2 * B.T @ (B @ x)),
    ("missing term", lambda B, x, c: -2 * B.T @ c),
    ("extra term", lambda B, x, c: 2 * B.T @ (B @ x - c) + x),
    ("unknown", lambda B, x, c: 2 * B.T @ np.tanh(B @ x - c)),
    ("unknown", lambda B, x, c: 2 * B.T @ np.clip(B @ x - c, -1, 1)),
    ("unknown", lambda B, x, c: 2 * B.T @ (B @ x - c) + x * x),
]
FORM: list[tuple[str, Function]] = [
    ("missing term", lambda A, x: A @ x),
    ("missing term", lambda A, x: A.T @ x),
    ("transposed matrix", lambda A, x: 2 * A.T @ x),
    ("wrong sign", lambda A, x: -(A + A.T) @ x),
    ("wrong sign", lambda A, x: (A - A.T) @ x),
    ("wrong factor", lambda A, x: (A + A.T) @ x / 2),
    ("extra term", lambda A, x: (A + A.T) @ x + x),
    ("extra term", lambda A, x: (A + A.T) @ x + x / 1000),  # a ridge is small
    ("unknown", lambda A, x: np.abs((A + A.T) @ x)),
    ("unknown", lambda A, x: (A + A.T) @ np.sin(x)),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("cause", "function"), LEAST_SQUARES)
def test_a_wrong_gradient_of_squares_is_told_by_its_terms(cause: str, function: Function, dtype: str) -> None:
    found = cause_of(
        lambda *a: np.asarray(function(*a)).astype(dtype), "accuracy", matrices(dtype), role="least_squares_gradient"
    )
    assert found == cause


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("cause", "function"), FORM)
def test_a_wrong_gradient_of_a_form_is_told_by_its_terms(cause: str, function: Function, dtype: str) -> None:
    found = cause_of(
        lambda *a: np.asarray(function(*a)).astype(dtype), "accuracy", form(dtype), role="quadratic_form_gradient"
    )
    assert found == cause


def e_of(x: Array, axis: int = -1) -> Array:
    return np.exp(x - x.max(axis=axis, keepdims=True))


SOFTMAX: list[tuple[str, Function]] = [
    ("missing term", lambda x, axis=-1: e_of(x) / e_of(x)[..., 1:].sum(axis=-1, keepdims=True)),
    ("missing term", lambda x, axis=-1: e_of(x) / np.cumsum(e_of(x), axis=-1)),
    ("wrong divisor", lambda x, axis=-1: e_of(x)),
    ("wrong divisor", lambda x, axis=-1: e_of(x) / np.sqrt((e_of(x) ** 2).sum(axis=-1, keepdims=True))),
    ("wrong divisor", lambda x, axis=-1: e_of(x) / (e_of(x).sum(axis=-1, keepdims=True) + e_of(x)[..., :1])),
    ("wrong factor", lambda x, axis=-1: 2 * sound(x)),
    ("wrong factor", lambda x, axis=-1: sound(x) / (2 * x.shape[-1])),
    ("divided by length", lambda x, axis=-1: sound(x) / x.shape[-1]),
    # Which entries count is decided by their values, not by their places.
    ("unknown", lambda x, axis=-1: np.where(sound(x) < 0.1, 0, sound(x))),
    ("unknown", lambda x, axis=-1: np.where(x == x.max(axis=-1, keepdims=True), 1.0, 0.0)),
    ("unknown", lambda x, axis=-1: np.sort(sound(x), axis=-1)),
    ("unknown", lambda x, axis=-1: sound(x) ** 2),
    ("unknown", lambda x, axis=-1: sound(np.trunc(x))),
    ("unknown", lambda x, axis=-1: sound(np.clip(x, -1, 1))),
    ("unknown", lambda x, axis=-1: np.roll(sound(x), 1, axis=-1)),
    ("unknown", lambda x, axis=-1: 1 / (1 + np.exp(-x))),
]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("cause", "function"), SOFTMAX)
def test_a_wrong_softmax_is_told_by_what_its_entries_do(cause: str, function: Function, dtype: str) -> None:
    def rounded(x: Array, axis: int = -1) -> Array:
        return np.asarray(function(x.astype(np.promote_types(x.dtype, np.float32)), axis)).astype(x.dtype)

    assert cause_of(rounded, "accuracy", row(1.75, 0.5, -0.25, -1.5, dtype=dtype)) == cause


def test_a_label_counted_from_one_is_a_wrong_term_and_a_smoothed_one_is_none() -> None:
    def loss_at(label: Callable[[int], int]) -> Function:
        return lambda logits, L: np.asarray(-np.log(sound(logits))[label(L)])

    def smoothed(logits: Array, L: int) -> Array:
        logarithms = np.log(sound(logits))
        return np.asarray(-0.9 * logarithms[L] - 0.1 * logarithms.mean())

    case = {"logits": np.array([[0.0, 1.0, 3.0]]), "L": np.array([2])}
    assert cause_of(loss_at(lambda L: L - 1), "accuracy", case, role="cross_entropy") == "wrong term"
    assert cause_of(smoothed, "accuracy", case, role="cross_entropy") == "unknown"


@pytest.mark.parametrize(
    ("cause", "times"),
    [
        ("wrong divisor", lambda e: 1.0),  # exponentials for probabilities
        ("wrong divisor", lambda e: 1 / e.max(initial=0.0, where=np.arange(e.size) > 0)),
        ("unknown", lambda e: (1 + e[0] * np.arange(e.size)) / e.sum()),  # another number for each entry
    ],
)
def test_multiples_of_probabilities_in_a_product_are_a_wrong_divisor(
    cause: str, times: Callable[[Array], Array | float]
) -> None:
    def product(x: Array, g: Array) -> Array:
        k = np.exp(x - x.max()) * times(np.exp(x - x.max()))
        return np.asarray(k * (g - (k * g).sum())).astype(x.dtype)

    def gradient(logits: Array, L: int) -> Array:
        k = np.exp(logits - logits.max()) * times(np.exp(logits - logits.max()))
        k[L] -= 1
        return np.asarray(k).astype(logits.dtype)

    x, g = row(0.5, -0.25, 1.5, dtype="float64"), np.array([[1.0, -2.0, 0.75]])
    assert cause_of(product, "accuracy", {**x, "g": g}, role="softmax_vjp") == cause
    case = {"logits": x["x"], "L": np.array([1])}
    assert cause_of(gradient, "accuracy", case, role="cross_entropy_gradient") == cause


def test_the_gradient_of_an_auxiliary_loss_is_an_extra_term() -> None:
    def gradient(logits: Array, L: int) -> Array:
        e = np.exp(logits - logits.max())
        s, z = e / e.sum(), logits.max() + np.log(e.sum())
        s = s + 1e-4 * z * s
        s[L] -= 1
        return np.asarray(s).astype(logits.dtype)

    case = {"logits": np.array([[0.5, -0.25, 1.5]], np.float32), "L": np.array([1])}
    assert cause_of(gradient, "accuracy", case, role="cross_entropy_gradient") == "extra term"


def test_a_sum_kept_in_bfloat16_is_narrowed_and_no_wrong_divisor() -> None:
    def narrow(x: Array, axis: int = -1) -> Array:
        e, kept = e_of(x), FORMATS["bfloat16"].dtype
        return np.asarray(e / e.sum(axis=-1, keepdims=True).astype(kept).astype(x.dtype))

    assert cause_of(narrow, "sum_to_one", row(0.0, 0.31, -0.7)) == "precision narrowed"


def step(x: Array, gradient: Array, step_size: float) -> Array:
    return np.asarray(x - x.dtype.type(step_size) * gradient)


def tail_not_updated(x: Array, gradient: Array, step_size: float) -> Array:
    y, whole = step(x, gradient, step_size), x.size // 8 * 8
    y[whole:] = x[whole:]
    return y


def large_updates_alone(x: Array, gradient: Array, step_size: float) -> Array:
    return np.where(np.abs(gradient) < 0.7, x, step(x, gradient, step_size))


def rate_in_float16(x: Array, gradient: Array, step_size: float) -> Array:
    return step(x, gradient, float(np.float16(step_size)))


@pytest.mark.parametrize(
    ("cause", "function"),
    [
        ("entries left out", tail_not_updated),
        ("unknown", large_updates_alone),
        ("precision narrowed", rate_in_float16),
        ("wrong sign", lambda x, gradient, step_size: step(x, -gradient, step_size)),
        ("missing term", lambda x, gradient, step_size: x),
        ("wrong term", lambda x, gradient, step_size: step(x, np.sign(gradient), step_size)),
        ("unknown", lambda x, gradient, step_size: step(x, np.clip(gradient, -1, 1), step_size)),
    ],
)
def test_a_step_that_is_not_taken_is_told_from_one_that_is_taken_otherwise(cause: str, function: Function) -> None:
    rng = np.random.default_rng(1)
    case = {"x": rng.normal(size=(1, 11)), "gradient": 3 * rng.normal(size=(1, 11)), "step_size": np.array([0.1])}
    assert cause_of(function, "accuracy", case, role="descent_step") == cause


def test_zeros_throughout_leave_out_all_terms_and_zeros_of_an_overflow_none() -> None:
    def scaled_up(x: Array, g: Array) -> Array:
        e = np.exp(x - x.max() + x.dtype.type(88.5))
        s = e / e.sum()
        return s * (g - (s * g).sum())

    case = {"x": np.array([[0.0, 0.0]], np.float32), "g": np.array([[1.0, 0.0]], np.float32)}
    assert cause_of(lambda x, g: 0 * g, "accuracy", case, role="softmax_vjp") == "missing term"
    assert cause_of(scaled_up, "accuracy", case, role="softmax_vjp") == "sum overflow"
