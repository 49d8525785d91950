"""What the roles around softmax must tell apart, at named inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from nightly import tried_roles
from shared_cells import judge_cell

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import Settings
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import Decision, decide
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array
from extremum.reference.cross_entropy import cross_entropy_of_log_softmax
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject, named, subjects


def decided(subject: str | Subject, prop: str, dtype: str, arguments: Arguments) -> Decision:
    found = named(subject, None)[0] if isinstance(subject, str) else subject
    role = role_named(found.role)
    property_ = role.property_named(prop)
    assert property_ is not None
    experiment = Experiment(Call(found, role.signature), role, property_, FORMATS[dtype])
    with quiet():
        return decide(experiment, Case(arguments), final=True)


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
@pytest.mark.parametrize("n", [2, 8, 64, 400, 2000, 10_000])
def test_a_gradient_of_zeros_and_a_diagonal_alone_are_refuted_at_every_size(n: int, dtype: str) -> None:
    rng, fmt = np.random.default_rng(n), FORMATS[dtype]
    x = fmt.round(rng.normal(0, 1, (1, n)))
    random, constant = fmt.round(rng.normal(0, 1, (1, n))), fmt.round(np.ones((1, n)))
    assert decided("all_zero_gradient", "accuracy", dtype, {"x": x, "g": random}).refuted
    assert decided("diagonal_only_vjp", "annihilates_constants", dtype, {"x": x, "g": constant}).refuted
    assert not decided("centred_vjp", "accuracy", dtype, {"x": x, "g": random}).refuted
    assert not decided("expanded_vjp", "annihilates_constants", dtype, {"x": x, "g": constant}).refuted


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
@pytest.mark.parametrize("n", [2, 8, 64, 257])
def test_the_diagonal_of_a_jacobian_alone_is_refuted_at_every_size(n: int, dtype: str) -> None:
    x = FORMATS[dtype].round(np.random.default_rng(n).normal(0, 1, (1, n)))
    assert decided("diagonal_only_jacobian", "rows_sum_to_zero", dtype, {"x": x}).refuted
    assert not decided("complement_jacobian", "rows_sum_to_zero", dtype, {"x": x}).refuted


@pytest.mark.parametrize("gap", [0.5, 5.0, 40.0, 700.0, 1e5, 1e30])
@pytest.mark.parametrize("label", [0, 1])
def test_a_sound_loss_holds_from_exp_of_minus_forty_to_the_largest(gap: float, label: int) -> None:
    logits, labels = np.array([[0.0, -gap, -gap]]), np.array([label])
    for subject in ("cross_entropy_log1p", "cross_entropy_of_log_softmax"):
        assert not decided(subject, "accuracy", "float64", {"logits": logits, "L": labels}).refuted


@pytest.mark.slow
@pytest.mark.parametrize(
    ("subject", "keeps"),
    [
        ("cross_entropy_log1p", True),
        ("cross_entropy_of_log_softmax", False),
        ("complement_jacobian", True),
        ("diag_minus_outer", False),
        ("complement_gradient", True),
        ("softmax_minus_onehot", False),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_grade_tells_who_keeps_the_digits_of_a_small_answer(subject: str, keeps: bool, dtype: str) -> None:
    found = named(subject, None)[0]
    role = role_named(found.role)
    prop = role.property_named("accuracy")
    assert prop is not None
    grade = judge_cell(found, role, prop, dtype, Settings(examples=2)).grade
    assert grade.startswith("keeps the digits") is keeps


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_minus_infinity_is_right_where_the_exact_logarithm_leaves_the_range(dtype: str) -> None:
    top = FORMATS[dtype].max
    beyond, within = (FORMATS[dtype].round([[a, b]]) for a, b in ((top, -top), (top / 4, -top / 4)))
    assert not decided("wide_log_softmax", "saturation", dtype, {"x": beyond}).refuted
    assert not decided("wide_log_softmax", "accuracy", dtype, {"x": beyond}).refuted
    assert decided("log_of_softmax", "saturation", dtype, {"x": within}).refuted


GRADED = [role for role in tried_roles() if role.property_named("accuracy")]  # others are exact, or have no bound


@pytest.mark.parametrize("role", GRADED, ids=lambda r: r.name)
def test_a_wrong_answer_by_one_part_in_a_hundred_is_refuted_in_float32(role: object) -> None:
    name = role.name  # type: ignore[attr-defined]
    sound = next(s for s in subjects(name, "reference") if not s.fails)
    wrong = Subject("wrong", name, lambda *a, **k: (sound.function(*a, **k) * np.float32(1.01)).astype(np.float32))
    arguments = role_named(name).ordinary(FORMATS["float32"], 5, 1)
    assert not decided(sound, "accuracy", "float32", arguments).refuted
    assert decided(wrong, "accuracy", "float32", arguments).refuted


# What a review found, as the defects and the sound forms that it was found with.


def refuted(function: Callable[..., Any], role: str, prop: str, dtype: str = "float32", **inputs: Array) -> bool:
    arguments = {name: FORMATS[dtype].round(a) if a.dtype.kind == "f" else a for name, a in inputs.items()}
    return decided(Subject("it", role, function), prop, dtype, arguments).refuted


def test_an_answer_beside_a_zero_is_a_flush_only_if_it_is_as_small() -> None:
    def half_where_masked(x: Array, axis: int = -1) -> Array:
        s = wide(x, axis)
        return np.where((s == 0) & np.isfinite(x) & np.isneginf(x).any(), 0.5, s).astype(x.dtype)

    def hundred_where_one_is_left(logits: Array, L: int) -> Array:
        loss = cross_entropy_of_log_softmax(logits, L)
        return loss + np.float32(100 * (np.isfinite(logits).sum() == 1 < len(logits)))

    masked = np.array([[0.0, -300.0, -np.inf]])
    assert refuted(half_where_masked, "softmax", "mask", x=masked)
    assert not refuted(wide, "softmax", "mask", x=masked)
    logits, label = np.array([[0.0, -np.inf]]), np.array([0])
    assert refuted(hundred_where_one_is_left, "cross_entropy", "mask", logits=logits, L=label)


@pytest.mark.parametrize(
    ("subject", "inputs"),
    [
        ("diag_minus_outer", {"x": [[-np.inf, 1.0, 0.0]]}),
        ("centred_vjp", {"x": [[-np.inf, 1.0, 0.0]], "g": [[1.0, 2.0, 3.0]]}),
        ("softmax_minus_onehot", {"logits": [[-np.inf, 1.0, 0.0]], "L": [1]}),
    ],
)
def test_a_derivative_is_zero_where_it_is_masked(subject: str, inputs: dict[str, list[Any]]) -> None:
    arguments = {name: np.asarray(a, np.int64 if name == "L" else np.float32) for name, a in inputs.items()}
    sound = named(subject, None)[0]
    broken = Subject("it", sound.role, lambda *a: sound.function(*a) + 0 * np.float32(a[0].min()))
    assert not decided(sound, "mask", "float32", arguments).refuted
    assert decided(broken, "mask", "float32", arguments).refuted


def test_two_infinities_in_a_row_are_tried() -> None:
    def of_two(x: Array, axis: int = -1) -> Array:
        y = np.asarray(x.max(axis=axis))
        return np.where(np.isposinf(x).sum(axis=axis) > 1, np.nan, y).astype(x.dtype)

    role = role_named("logsumexp")
    prop = role.property_named("infinities")
    assert prop is not None
    assert judge_cell(Subject("it", "logsumexp", of_two), role, prop, "float32", Settings(examples=2)).found


def test_minus_the_sum_of_the_others_may_round_below_minus_one() -> None:
    def gradient(logits: Array, L: int) -> Array:
        s = wide(logits)
        s[L] = 0
        s[L] = np.nextafter(np.float32(-1), np.float32(-2))
        return s

    logits, label = np.array([[-40.0, 0.5, 0.25, 0.0]]), np.array([0])
    assert not refuted(gradient, "cross_entropy_gradient", "range", logits=logits, L=label)
    sign = partial(np.multiply, np.float32(-1))
    assert refuted(lambda z, L: sign(gradient(z, L)), "cross_entropy_gradient", "range", logits=logits, L=label)


@pytest.mark.parametrize("scale", [100.0, 1e-36])
def test_a_product_with_a_jacobian_of_subnormal_entries_is_sound(scale: float) -> None:
    def product(x: Array, g: Array) -> Array:
        s = wide(x)
        return np.asarray((np.diag(s) - np.outer(s, s)) @ g)

    x, g = np.array([[0.0, 0.0, -99.03]]), np.full((1, 3), scale)
    assert not refuted(product, "softmax_vjp", "annihilates_constants", x=x, g=g)
    assert not refuted(product, "softmax_vjp", "accuracy", x=x, g=g)
