"""Shape plans: what they combine, that every run visits them, and the defects of position that they find."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import extremum
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs import shapes
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.inputs.lengths import VOCABULARIES, planned, tail_places
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
from extremum.properties.steps.blocks import entries_of
from extremum.properties.steps.witness import decode
from extremum.properties.values.case import DISTINCT, Case, encode, integer
from extremum.properties.values.finding import Cell
from extremum.properties.values.signature import Signature
from extremum.properties.values.visits import runs, shapes_of
from extremum.reference.arithmetic.formats import Array
from extremum.reference.errors import UsageError
from extremum.reference.softmax import wide
from extremum.reference.subjects.adapters import EVERY_LAYOUT
from extremum.reference.subjects.subject import Subject
from extremum.reports.record.files import lines
from extremum.reports.record.reading import read_report
from extremum.reports.views.markdown import text

PROPERTIES = ("row_independence", "axis", "layout", "accuracy")
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
    assert all(entries({**smallest, **dict(pair)}) > CALL_ENTRIES for pair in left_out(factors, rows))


def test_a_stronger_plan_has_every_three_values_and_a_weaker_one_every_value() -> None:
    def entries(row: shapes.Row) -> int:
        return int(row["rows"] * row["n"])

    assert left_out(shapes.LAYOUTS, shapes.planned(shapes.LAYOUTS, entries, 1), 1) == []
    for strength in (2, 3):
        rows = shapes.planned(shapes.LAYOUTS, entries, strength)
        too_large = shapes.CALL_ENTRIES_OF_THREE if strength == 3 else CALL_ENTRIES
        smallest = {name: values[0] for name, values in shapes.LAYOUTS.items()}
        missing = left_out(shapes.LAYOUTS, rows, strength)
        assert all(entries({**smallest, **dict(values)}) > too_large for values in missing)


def test_more_effort_is_a_larger_plan() -> None:
    for plan in PLANS.values():
        sizes = [len(plan(effort.strength)) for effort in EFFORTS.values()]
        assert sizes == sorted(sizes)
        assert (
            {place.n for place in plan(1)}
            == {place.n for place in plan(3)}
            == {*shapes.LENGTHS} | {place.n for place in plan(2)}
        )
    role = role_named("softmax")
    each = [entries_of(role, p, 0, effort) for p in role.properties for effort in EFFORTS.values()]
    assert all(few <= some <= many for few, some, many in zip(*(each[k::3] for k in range(3)), strict=True))
    for lengths in ("every", "moderate", "few", "matrix"):
        few, some, many = ({*planned(lengths, 0, effort)} for effort in EFFORTS.values())
        assert few < some < many


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


def test_a_record_says_what_was_visited(tmp_path: Path) -> None:
    report = extremum.audit(wide, role="softmax", dtypes=["float32", "bfloat16"], properties=[*PROPERTIES], examples=0)
    (tmp_path / "report.json").write_text(lines(report.to_json()))
    written = json.loads((tmp_path / "report.json").read_text())
    assert len(written["plans"]["shapes"]) <= 2 * len(PROPERTIES)
    cells = {(cell.property, cell.dtype): cell for cell in read_report(tmp_path / "report.json").cells}
    for dtype in ("float32", "bfloat16"):
        batch, axis, layout, accuracy = (cells[prop, dtype].shapes for prop in PROPERTIES)
        assert numbers(batch["rows"]) >= {*shapes.ROWS, *shapes.MANY_ROWS}
        assert numbers(axis["behind"]) >= {*shapes.DIMENSIONS, *shapes.LONG_DIMENSIONS}
        assert numbers(axis["before"]) >= {*shapes.DIMENSIONS}
        assert numbers(axis["ranks"]) == {1, 2, 3, 4, 5}
        assert all(numbers(facets["lengths"]) >= {*shapes.LENGTHS} for facets in (batch, axis, layout))
        native = [name for name in EVERY_LAYOUT[1:] if name != "byte-swapped" or dtype == "float32"]
        assert {*layout["layouts"].split(", ")} == {*native}
        assert numbers(accuracy["lengths"]) >= {*range(1, 34), 65_537, *VOCABULARIES}
    shown = text(report)
    assert f"`axis` | 2 | `lengths {cells['axis', 'float32'].shapes['lengths']}`" in shown


def test_a_reference_to_no_plan_is_refused(tmp_path: Path) -> None:
    report = extremum.audit(wide, role="softmax", dtypes=["float32"], properties=["dtype"], examples=0, effort="quick")
    file = tmp_path / "report.json"
    for number in (7, -1):
        record = report.to_json()
        record["cells"][0]["shapes"] = number
        file.write_text(lines(record))
        with pytest.raises(UsageError, match=rf"cells\[0\].shapes={number} is not valid: the number of one of 1 plans"):
            read_report(file)


def test_numbers_in_succession_are_a_run() -> None:
    assert runs([3, 1, 2, 7, 9, 10, 1]) == "1-3, 7, 9, 10"
    assert shapes_of([]) == {}


def numbers(facet: str) -> set[int]:
    parts = [part.split("-") for part in facet.split(", ")]
    return {n for part in parts for n in range(int(part[0]), int(part[-1]) + 1)}


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
