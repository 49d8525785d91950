"""Shape plans: what they combine, that every run visits them, and the defects of position that they find."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs import shapes
from extremum.properties.inputs.lengths import tail_places
from extremum.properties.inputs.shapes import (
    CALL_ENTRIES,
    Place,
    axes,
    batches,
    covering,
    each_layout,
    layouts,
    left_out,
)
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.witness import decode
from extremum.properties.values.case import DISTINCT, Case, encode, integer
from extremum.properties.values.finding import Cell
from extremum.properties.values.signature import Signature
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject

PLANS = {"batches": batches, "axes": axes, "layouts": layouts}
VJP = Signature({"x": 1, "g": 1}, batched=False)


@pytest.mark.parametrize(
    ("factors", "entries"),
    [
        (shapes.BATCH, lambda row: row["rows"] * row["n"]),
        (shapes.AXES, lambda row: row["a"] * row["n"] * row["b"]),
        (shapes.LAYOUTS, lambda row: row["rows"] * row["n"]),
    ],
)
def test_every_pair_of_values_occurs_whose_call_is_not_too_large(
    factors: shapes.Factors, entries: Callable[[shapes.Row], int]
) -> None:
    rows = covering(factors, lambda row: entries(row) <= CALL_ENTRIES)
    smallest = {name: values[0] for name, values in factors.items()}
    assert all(entries({**smallest, a: u, b: v}) > CALL_ENTRIES for a, u, b, v in left_out(factors, rows))


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_has_at_most_2_to_the_24_entries_and_its_small_places_come_first(plan: str) -> None:
    sizes = [prod(place.shape) for place in PLANS[plan]()]
    assert sum(sizes) <= 2**24
    assert sizes == sorted(sizes)


def test_every_argument_has_every_layout_while_the_others_have_every_other() -> None:
    pairs = {tuple(place.layout.split(",")) for place in each_layout(VJP)}
    names = ("C", *shapes.VECTOR_LAYOUTS)
    assert pairs == {*product(names, names)} - {("C", "C")}


def test_every_dimension_and_length_is_visited() -> None:
    assert {place.rows for place in batches()} >= {*shapes.ROWS, *shapes.MANY_ROWS}
    assert {place.n for place in axes()} >= {*shapes.LENGTHS}
    assert {len(place.shape) for place in axes()} == {1, 2, 3, 4, 5}
    assert {dimension for place in axes() for dimension in place.shape} >= {*shapes.DIMENSIONS, *shapes.LONG_DIMENSIONS}


@pytest.mark.parametrize("n", [2, 3, 5, 17, 129, 1000, 65_537])
def test_the_ends_of_a_row_and_of_its_last_whole_block_are_places(n: int) -> None:
    places = tail_places(n)
    assert places[:2] == [n - 1, 0]
    assert len({*places}) == len(places)
    assert {(n - 1) // 4 * 4, n // 2} <= {*places} or n <= 4
    assert n != 65_537 or 65_536 in places[:4]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("prop", "plan"), [("row_independence", batches), ("axis", axes), ("layout", layouts)])
def test_a_run_visits_every_place(prop: str, plan: Callable[[], list[Place]], seed: int) -> None:
    seen: set[tuple[tuple[int, ...], int]] = set()

    def noted(x: Array, axis: int = -1) -> Array:
        seen.add((x.shape, axis))
        return wide(x, axis)

    assert judged(noted, prop, Settings(seed=seed, examples=0)).verdict == "held"
    assert {(place.shape, place.axis) for place in plan()} <= seen


def test_an_array_of_repeated_rows_is_recorded_by_what_it_repeats() -> None:
    rows = np.random.default_rng(0).standard_normal((DISTINCT, 17)).astype(np.float32)
    for shape, axis in (((4097, 17), -1), ((3, 17, 65), 1), ((17, 129), -2)):
        moved = list(shape)
        moved.append(moved.pop(axis))
        x = np.ascontiguousarray(np.moveaxis(np.resize(rows, moved), -1, axis))
        record = json.loads(json.dumps(encode(Case({"x": x, "axis": integer(axis)}))))
        assert len(record["x"]["tile"]) == rows.size
        back = decode(record)
        assert back.x.tobytes() == x.tobytes()
        assert back.x.shape == x.shape


def test_each_argument_is_recorded_in_its_own_layout() -> None:
    case = Case({"x": np.ones((2, 3)), "g": np.ones((2, 3))}, "C,reversed")
    record = encode(case)
    assert [record[name]["layout"] for name in "xg"] == ["C", "reversed"]
    assert decode(record).layout == "C,reversed"


def judged(function: Callable[..., Any], prop: str, settings: Settings | None = None, role: str = "softmax") -> Cell:
    found = role_named(role).property_named(prop)
    assert found is not None
    subject = Subject("it", role, function, axis="axis" if role == "softmax" else None)
    return judge_cell(subject, role_named(role), found, "float32", settings or Settings(examples=0, timeout=None))


def rows_from_the_129th_on_are_zero(x: Array, axis: int = -1) -> Array:
    out = wide(x, axis)
    if x.ndim == 2 and x.shape[1] >= 5 and axis in (-1, 1):
        out[128:] = 0
    return out


def columns_from_the_17th_on_are_zero(x: Array, axis: int = -1) -> Array:
    out = wide(x, axis)
    if axis % x.ndim < x.ndim - 1:
        out[..., 16:] = 0
    return out


def maximum_of_the_first_65536(x: Array, axis: int = -1) -> Array:
    rows = np.moveaxis(x, axis, -1)
    e = np.exp(rows - rows[..., : 2**16].max(axis=-1, keepdims=True))
    return np.moveaxis(e / e.sum(axis=-1, keepdims=True), -1, axis)


def maximum_of_the_bits(x: Array, axis: int = -1) -> Array:
    rows = np.ascontiguousarray(np.moveaxis(x, axis, -1))
    e = np.exp(rows - rows.view(np.int32).max(axis=-1, keepdims=True).view(np.float32))
    return np.moveaxis(e / e.sum(axis=-1, keepdims=True), -1, axis)


def an_image_over_the_wrong_axis(x: Array, axis: int = -1) -> Array:
    return wide(x, 1 if x.shape[:3] == (1, 1, 1) else axis)


def last_row_of_many(x: Array, axis: int = -1) -> Array:
    out = wide(x, axis)
    if x.ndim == 2 and len(x) > 65_536:
        out[-1] = 0
    return out


def last_column_of_65537(x: Array, axis: int = -1) -> Array:
    out = wide(x, axis)
    if x.shape[-1] > 65_536 and axis % x.ndim < x.ndim - 1:
        out[..., -1] = 0
    return out


def unaligned(x: Array, axis: int = -1) -> Array:
    if x.flags.c_contiguous and x.ctypes.data % 8:
        x = np.r_[x.reshape(-1)[1:], x.reshape(-1)[:1]].reshape(x.shape)
    return wide(x, axis)


@pytest.mark.parametrize(
    ("function", "prop", "shape"),
    [
        (rows_from_the_129th_on_are_zero, "row_independence", [129, 5]),
        (columns_from_the_17th_on_are_zero, "axis", [1, 17]),
        (maximum_of_the_first_65536, "finite", [1, 65_537]),
        (maximum_of_the_bits, "finite", None),
        (an_image_over_the_wrong_axis, "axis", [1, 1, 1, 2]),
        (last_row_of_many, "row_independence", [65_537, 1]),
        (last_column_of_65537, "axis", [1, 65_537]),
        (unaligned, "layout", None),
    ],
)
def test_a_defect_of_position_is_found_where_it_begins(
    function: Callable[..., Any], prop: str, shape: list[int] | None
) -> None:
    cell = judged(function, prop)
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert shape in (None, cell.simplest.arguments["x"]["shape"])
    assert "reruns differed" not in cell.simplest.certified


def test_a_gradient_that_takes_the_cotangent_for_contiguous_is_found() -> None:
    def vjp(x: Array, g: Array) -> Array:
        if x.flags.c_contiguous and g.strides[0] < 0:
            g = g[::-1]
        s = wide(x).astype(np.float64)
        return np.asarray(s * (g - (g * s).sum())).astype(x.dtype)

    cell = judged(vjp, "layout", role="softmax_vjp")
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert cell.simplest.arguments["g"]["layout"] == "reversed"


def test_rows_of_a_matrix_from_the_4097th_on_are_not_left_out_unseen() -> None:
    def gradient(matrix: Array, x: Array, c: Array) -> Array:
        top, c = matrix[:4096].astype(np.float64), c[:4096]
        return (2 * top.T @ (top @ x - c)).astype(x.dtype)

    assert judged(gradient, "accuracy", role="least_squares_gradient").verdict == "refuted"
