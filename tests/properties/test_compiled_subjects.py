"""Subjects that compile for every shape: they get a small set of shapes, and it is said so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.effort import COMPILED, EFFORTS
from extremum.properties.inputs.lengths import planned
from extremum.properties.inputs.shapes import (
    CALL_ENTRIES,
    COMPILED_PLACES,
    COMPILED_ROWS,
    Place,
    axes,
    batches,
    each_layout,
    layouts,
    pairs,
)
from extremum.properties.laws.contract.shape import PLACES
from extremum.properties.roles.registry import roles
from extremum.properties.steps.resolve import introduce
from extremum.properties.values.signature import Signature
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.adapters import ADAPTERS, EVERY_LAYOUT
from extremum.reference.subjects.subject import Subject, subjects

ROLE = roles()["softmax"]
LONG_ROWS = 4096
MOST = 24  # shapes


class Compiled(Subject):
    """A subject that is called as any other, and counts as compiled."""

    @property
    def compiled(self) -> bool:
        return True


def test_a_subject_is_compiled_by_its_arrays_or_by_what_wraps_it() -> None:
    assert Subject("it", "softmax", wide, adapter=ADAPTERS["jax"]).compiled
    assert Subject("it", "softmax", wide, place={"spec": "m:f", "wrap": "torch.compile"}).compiled
    assert not Subject("it", "softmax", wide, place={"spec": "m:f", "wrap": "mine:wrap"}).compiled
    assert not Subject("it", "softmax", wide, adapter=ADAPTERS["torch"]).compiled


def test_the_header_says_that_the_set_of_shapes_is_small() -> None:
    assert "a small set of shapes" in introduce(Compiled("it", "softmax", wide))["line"]
    assert "small set" not in introduce(Subject("it", "softmax", wide))["line"]


def test_nobody_chooses_the_effort_of_what_is_compiled() -> None:
    assert COMPILED.name not in EFFORTS


def test_the_set_has_24_shapes_of_every_kind() -> None:
    matrices = [Place((rows, n)) for n, counts in COMPILED_ROWS.items() for rows in counts]
    every = [*matrices, *COMPILED_PLACES]
    assert len({(place.shape, place.axis) for place in every}) == MOST
    assert {len(place.shape) for place in every} == {1, 2, 3, 4, 5}
    assert {place.n for place in COMPILED_PLACES} <= {*COMPILED_ROWS}
    by_axis = {(place.axis < 0, place.axis in (-1, len(place.shape) - 1), place.axis == 0) for place in COMPILED_PLACES}
    assert {(True, True, False), (True, False, False), (False, False, True), (False, False, False)} <= by_axis
    assert all(list(counts) == sorted(counts) for counts in COMPILED_ROWS.values())
    assert max(place.rows * place.n for place in every) <= CALL_ENTRIES


def test_every_plan_of_strength_0_is_a_part_of_the_set() -> None:
    shapes = {(place.shape, place.axis) for place in (*batches(0), *axes(0))}
    assert len(shapes) == MOST
    asked = [*layouts(0), *pairs(Signature(), 0), *PLACES]
    assert {(place.shape, place.axis) for place in asked} <= shapes
    assert {place.before for place in pairs(Signature(), 0)} <= {place.shape for place in batches(0)}
    assert {place.layout for place in layouts(0)} == {*EVERY_LAYOUT[1:]}
    assert {place.n for place in each_layout(Signature({"x": 1}), 0)} <= {*COMPILED_ROWS}
    assert {*planned("every", 0, COMPILED)} <= {*COMPILED_ROWS}
    assert planned("784", 0, COMPILED) == [784]


@pytest.mark.parametrize("name", ["softmax", "sigmoid", "softmax_vjp"])
def test_all_cells_together_meet_the_set_and_no_other_shape(name: str) -> None:
    shapes: set[tuple[int, ...]] = set()
    role, sound = roles()[name], next(s for s in subjects(name, "reference") if not s.fails and s.axis != "")

    def recorded(x: Array, *others: Any, **named: Any) -> Any:
        shapes.add(x.shape)
        return sound.function(x, *others, **named)

    seen = Compiled("it", name, recorded, axis=sound.axis)
    cells = [judge_cell(seen, role, prop, "float32", Settings()) for prop in role.properties]
    assert {cell.verdict for cell in cells} <= {"held", "inapplicable"}
    assert len(shapes) <= MOST
    if role.signature.batched and sound.axis:
        assert len(shapes) == MOST
    assert (50_257,) in shapes or (2, 50_257) in shapes


def test_what_is_refuted_of_repeated_rows_is_told_as_a_reader_calls_it() -> None:
    def overflows(x: Array, axis: int = -1) -> Array:
        e = np.exp(x)
        return np.asarray(e / e.sum(axis=axis, keepdims=True))

    cell = judge_cell(Compiled("it", "softmax", overflows), ROLE, ROLE.properties[0], "float32", Settings())
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["shape"] == [1, 1]


def test_what_needs_its_rows_repeated_is_told_with_all_of_them() -> None:
    def last_row_lost(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        if x.ndim == 2 and len(x) > 100:
            out[100:] = np.nan
        return out

    cell = judge_cell(Compiled("it", "softmax", last_row_lost), ROLE, ROLE.properties[0], "float32", Settings())
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["shape"][0] > 100
    assert "differed" not in cell.simplest.certified


def test_a_defect_of_long_rows_is_found_by_the_small_set() -> None:
    def stagnant(x: Array, axis: int = -1) -> Array:
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        total = np.add.accumulate(e, axis=axis, dtype=np.float32).take([-1], axis=axis)
        return (e / total).astype(x.dtype) if x.shape[axis] < LONG_ROWS else e / (total * np.float32(1.01))

    prop = ROLE.property_named("accuracy")
    assert prop is not None
    cell = judge_cell(Compiled("it", "softmax", stagnant), ROLE, prop, "float32", Settings())
    assert cell.verdict == "refuted"
