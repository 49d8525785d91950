"""Deciding: what the screen can't clear is decided in balls, just beyond what is allowed and not before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from shared_cells import experiment

from extremum.properties.calling.call import Call
from extremum.properties.model.role import Experiment
from extremum.properties.model.view import Observation
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import certify, decide, ratios
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject


def test_ratios_state_what_they_do_with_zeros_and_nan() -> None:
    measured, allowed = np.array([0.0, 1.0, np.nan, np.inf, 1.0]), np.array([0.0, 0.0, 1.0, 1.0, 2.0])
    assert ratios(measured, allowed).tolist() == [0.0, np.inf, np.inf, np.inf, 0.5]


def off_by(ulps: int, at: int = 0) -> Callable[..., Array]:
    def answer(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        fmt = FORMATS[x.dtype.name]
        out[..., at] = fmt.from_ordinal(fmt.ordinal(out[..., at]) + ulps)
        return out

    return answer


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_an_answer_is_refuted_just_beyond_what_is_allowed_and_not_before(dtype: str) -> None:
    fmt = FORMATS[dtype]
    case = Case({"x": np.array([[0.0, 0.5, -1.0]], fmt.dtype)})
    decisions = [decide(experiment(off_by(k), "accuracy", dtype), case, final=True) for k in range(60)]
    assert [d.refuted for d in decisions] == [d.measured > d.allowed for d in decisions]
    assert any(d.refuted for d in decisions)
    assert all(d.certified.startswith("balls of") for d in decisions if d.refuted)


def test_balls_clear_what_the_screen_doubts() -> None:
    x = np.array([[0.0, 0.5, -1.0]], np.float32)
    sound = Observation({"x": x}, wide(x))
    assert certify(experiment(wide, "accuracy", "float32"), sound, 0, np.arange(3)) == ""


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(np.finfo(np.float64).max, True), (-np.finfo(np.float64).max, True), (np.inf, True), (np.nan, True), (1.0, False)],
)
def test_accuracy_at_the_ends_of_the_number_line(answer: float, verdict: bool) -> None:
    case = Case({"x": np.zeros((1, 1))})
    decision = decide(experiment(lambda x, axis=-1: np.full_like(x, answer), "accuracy", "float64"), case)
    assert decision.refuted is verdict


def test_nan_for_minus_infinity_is_told_apart_in_every_column() -> None:
    role, fmt = role_named("log_softmax"), FORMATS["float8_e4m3fn"]
    x = np.array([[448.0, -448.0]], fmt.dtype)
    prop = role.property_named("exp_sum_to_one")
    assert prop is not None
    for out, refuted in (([0.0, np.nan], False), ([-3.0, np.nan], True), ([np.nan, 0.0], True)):
        subject = Subject("it", "log_softmax", lambda _x, axis=-1, out=out: np.array([out], fmt.dtype))
        decision = decide(Experiment(Call(subject, role.signature), role, prop, fmt), Case({"x": x}), final=True)
        assert decision.refuted == refuted
