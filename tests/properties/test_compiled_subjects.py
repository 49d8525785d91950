"""Subjects that compile for every shape: they get a small set of shapes, and it is said so."""

from __future__ import annotations

import numpy as np
import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.effort import COMPILED, EFFORTS
from extremum.properties.inputs.lengths import COMPILED_LENGTHS, planned
from extremum.properties.inputs.shapes import COMPILED_PLACES, axes, batches, each_layout, layouts, pairs
from extremum.properties.roles.registry import roles
from extremum.properties.steps.resolve import introduce
from extremum.properties.values.signature import Signature
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.adapters import ADAPTERS
from extremum.reference.subjects.subject import Subject

ROLE = roles()["softmax"]
LONG_ROWS = 4096


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


def test_its_lengths_and_places_are_few_and_of_every_size() -> None:
    assert {*planned("every", 0, COMPILED)} <= COMPILED_LENGTHS
    assert planned("784", 0, COMPILED) == [784]
    for plan in (batches, axes, layouts):
        few, all_of_them = plan(0), plan(1)
        assert len(few) == COMPILED_PLACES
        assert {*few} <= {*all_of_them}
        assert (few[0], few[-1]) == (all_of_them[0], all_of_them[-1])
    for places in (each_layout(Signature(), 0), pairs(Signature(), 0)):
        assert len(places) <= COMPILED_PLACES


@pytest.mark.parametrize(("name", "most"), [("accuracy", 36), ("axis", 45), ("shift_invariance", 20)])
def test_its_cells_meet_few_shapes_and_still_long_rows(name: str, most: int) -> None:
    shapes: set[tuple[int, ...]] = set()

    def softmax(x: Array, axis: int = -1) -> Array:
        shapes.add(x.shape)
        return wide(x, axis)

    prop = ROLE.property_named(name)
    assert prop is not None
    cell = judge_cell(Compiled("it", "softmax", softmax), ROLE, prop, "float32", Settings())
    assert cell.verdict == "held"
    assert len(shapes) <= most
    assert max(map(max, shapes)) > LONG_ROWS


def test_a_defect_of_long_rows_is_found_by_the_small_set() -> None:
    def stagnant(x: Array, axis: int = -1) -> Array:
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        total = np.add.accumulate(e, axis=axis, dtype=np.float32).take([-1], axis=axis)
        return (e / total).astype(x.dtype) if x.shape[axis] < LONG_ROWS else e / (total * np.float32(1.01))

    prop = ROLE.property_named("accuracy")
    assert prop is not None
    cell = judge_cell(Compiled("it", "softmax", stagnant), ROLE, prop, "float32", Settings())
    assert cell.verdict == "refuted"
