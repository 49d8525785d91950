"""Parts of a case, and the witness that they make smaller."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties.engine import Settings
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.shrink import parts, plainer
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import naive, shifted
from extremum.reference.subjects.subject import Subject


def test_a_witness_is_made_smaller_where_the_search_finds_none() -> None:
    def lazy(x: Array, gradient: Array, step_size: float) -> Array:
        update = x.dtype.type(step_size) * gradient
        return np.where(np.abs(update) < 1e-2 * np.abs(x), x, x - update)

    role = role_named("descent_step")
    prop = role.property_named("update_kept")
    assert prop is not None
    cell = judge_cell(Subject("it", role.name, lazy, axis=None), role, prop, "float32", Settings(examples=0, seed=3))
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["shape"] == [1]


def test_the_parts_of_a_case_keep_what_belongs_together() -> None:
    x, step, label = np.arange(6.0).reshape(2, 3), np.array([0.5, 7.0]), np.array([2, 1])
    case = Case({"x": x, "gradient": x + 10, "step_size": step, "L": label})
    first, *_, second_half = list(parts(case))
    assert [a.tolist() for a in first.arguments.values()] == [[[0, 1, 2]], [[10, 11, 12]], [0.5], [2]]
    assert [a.tolist() for a in second_half.arguments.values()] == [[[3, 4, 5]], [[13, 14, 15]], [7.0], [1]]
    entries = list(parts(first))[:3]
    assert [part.x.tolist() for part in entries] == [[[0]], [[1]], [[2]]]
    assert [part.arguments["step_size"].tolist() for part in entries] == [[0.5]] * 3
    assert [part.arguments["L"].tolist() for part in entries] == [[0]] * 3
    assert list(parts(Case({"A": np.ones((1, 2, 2)), "x": np.ones((1, 2))}))) == []


@pytest.mark.parametrize(
    ("value", "dtype", "tried"),
    [
        (1.8e-32, "float32", [0, 1, np.float32(1e-32)]),
        (-512.25, "float32", [0, -1, -2, -3, -10, -30, -100, -500, -510, -512]),
        (3.0, "float64", [0, 1, 2]),
        (0.0, "float32", []),
        (-np.inf, "float32", []),
        (np.nan, "float32", []),
        (np.finfo(np.float32).max, "float32", [0, 1, 2, 3, 10, 30, 100, 1e3, 1e4, np.float32(3e38)]),
    ],
)
def test_plainer_numbers_are_1_or_nearer_to_zero(value: float, dtype: str, tried: list[float]) -> None:
    found = list(plainer(float(value), np.dtype(dtype)))
    assert found[: len(tried)] == tried
    assert all(abs(number) < abs(value) or abs(number) == 1 for number in found)


def test_a_witness_has_the_plainest_numbers_that_show_it_and_keeps_an_edge() -> None:
    def dropped(x: Array, axis: int = -1) -> Array:
        y = shifted(x, axis=axis)
        return np.where(x < -40, 0, y).astype(x.dtype)

    def simplest(function: Any, prop: str) -> list[float]:
        role = role_named("softmax")
        found = role.property_named(prop)
        assert found is not None
        cell = judge_cell(Subject("it", role.name, function), role, found, "float32", Settings(examples=0))
        assert cell.simplest is not None
        return [float.fromhex(v) for v in cell.simplest.arguments["x"]["values"]]

    assert simplest(dropped, "accuracy") == [-100]  # of a row of one entry the softmax is 1; -30 is answered well
    assert simplest(naive, "finite") == [float(np.float32(88.72284))]
