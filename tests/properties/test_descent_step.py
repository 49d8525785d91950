"""The role descent_step: what a person's own step is told, at named inputs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties.calling.call import Call
from extremum.properties.engine import Settings
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import Decision, decide
from extremum.properties.values.case import Case
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.subjects.subject import Subject, subjects

ROLE = role_named("descent_step")


def of(x: Array, gradient: Array, step_size: float) -> Array:
    return x - step_size * gradient


def negated(x: Array, gradient: Array, step_size: float) -> Array:
    return x + -step_size * gradient


def judged(function: Callable[..., Any], prop: str, dtype: str = "float32", **settings: Any) -> Cell:
    found = ROLE.property_named(prop)
    assert found is not None
    return judge_cell(Subject("it", ROLE.name, function), ROLE, found, dtype, Settings(**{"examples": 4, **settings}))


def decided(function: Callable[..., Any], prop: str, x: float, g: float, s: float, dtype: str = "float32") -> Decision:
    found, fmt = ROLE.property_named(prop), FORMATS[dtype]
    assert found is not None
    rows = {"x": [[x]], "gradient": [[g]], "step_size": [s]}
    case = Case({name: np.array(v).astype(fmt.dtype) for name, v in rows.items()})
    call = Call(Subject("it", ROLE.name, function), ROLE.signature)
    return decide(Experiment(call, ROLE, found, fmt), case)


@pytest.mark.parametrize(
    "dtype", ["float32", *(pytest.param(d, marks=pytest.mark.slow) for d in FORMATS if d != "float32")]
)
@pytest.mark.parametrize("function", [of, negated])
def test_the_formula_as_people_write_it_is_sound_in_every_dtype(function: Callable[..., Any], dtype: str) -> None:
    cells = [judged(function, prop.name, dtype) for prop in ROLE.properties]
    assert [(c.property, c.verdict, c.detail) for c in cells if c.verdict not in ("held", "inapplicable")] == []


def test_stagnation_is_a_grade_and_no_finding() -> None:
    assert judged(of, "update_kept").grade == "stagnates below half an ulp"
    assert not decided(of, "update_kept", x=1.75, g=0.9 * 2**-24, s=1.0).refuted


def test_an_update_of_more_than_half_a_spacing_must_move_x() -> None:
    def stays(x: Array, gradient: Array, step_size: float) -> Array:
        return x.copy()

    assert decided(stays, "update_kept", x=1.75, g=1.1 * 2**-24, s=1.0).refuted
    assert not decided(stays, "accuracy", x=1.75, g=1.1 * 2**-24, s=1.0).refuted
    assert not decided(stays, "update_kept", x=1.75, g=0.9 * 2**-24, s=1.0).refuted


def test_a_tie_that_is_rounded_to_x_is_no_lost_update() -> None:
    assert not decided(of, "update_kept", x=1.0, g=-(2.0**-24), s=1.0).refuted


def test_the_step_is_a_float_of_the_dtype() -> None:
    seen = []

    def noting(x: Array, gradient: Array, step_size: float) -> Array:
        seen.append(step_size)
        return x

    for dtype in ("float32", "bfloat16"):
        decided(noting, "accuracy", 1.0, 1.0, 0.1, dtype)
    assert type(seen[0]) is float
    assert [float(s) for s in seen] == [float(np.float32(0.1)), 0.10009765625]


def test_a_step_that_never_returns_is_hung() -> None:
    def endless(x: Array, gradient: Array, step_size: float) -> Array:
        while True:
            time.sleep(0.01)

    cell = judged(endless, "accuracy", timeout=1.0)
    assert cell.verdict == "hung"
    assert set(cell.simplest.arguments) == {"x", "gradient", "step_size"}  # type: ignore[union-attr]


def test_an_answer_that_was_broadcast_is_refuted() -> None:
    assert judged(lambda x, g, s: x - s * g[:, None], "shape").verdict == "refuted"


def test_optimisers_of_libraries_that_are_installed_are_sound() -> None:
    quick = [s for s in subjects(ROLE.name, "library") if not s.slow]
    cells = [judge_cell(s, ROLE, p, d, Settings(examples=2)) for s in quick for p in ROLE.properties for d in s.dtypes]
    assert [(c.subject, c.property, c.dtype) for c in cells if c.found] == []
