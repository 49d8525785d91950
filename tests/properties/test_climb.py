"""The climb from the best rows of a sweep: where it may go, what it is called for, and what a finding takes from it."""

from collections.abc import Callable

import numpy as np
import pytest
from shared_cells import SHARED, judge_cell

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import Settings, sweep
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.climb import BATCH_ROWS, _to_an_edge, ascent
from extremum.properties.steps.evidence import Evidence
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject, named

ROLE = role_named("softmax")


def experiment(function: Callable[..., Array], dtype: str, prop: str = "accuracy") -> Experiment:
    call, found = Call(Subject("it", "softmax", function), ROLE.signature), ROLE.property_named(prop)
    assert found is not None
    return Experiment(call, ROLE, found, FORMATS[dtype])


@pytest.mark.parametrize("dtype", sorted(FORMATS))
def test_a_climb_never_leaves_the_finite_floats(dtype: str) -> None:
    fmt, rng = FORMATS[dtype], np.random.default_rng(0)
    largest = fmt.max * np.array([[-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, 0.0]])
    x = fmt.round(np.repeat(largest, 50, axis=0))
    with quiet():
        moved = ascent(experiment(wide, dtype), x, np.zeros(len(x)), rng)[0]
    assert np.isfinite(moved.astype(np.float64)).all()
    assert np.isfinite(_to_an_edge(rng, x, fmt).astype(np.float64)).all()


def test_no_call_of_a_climb_has_more_rows_than_a_block() -> None:
    rows = []

    def counted(x: Array, axis: int = -1) -> Array:
        rows.append(len(x))
        return wide(x, axis)

    x = np.zeros((1600, 2), np.float32)
    with quiet():
        ascent(experiment(counted, "float32"), x, np.zeros(len(x)), np.random.default_rng(0))
    assert max(rows) <= BATCH_ROWS


def test_rows_of_normal_deviates_come_from_no_row_of_the_block() -> None:
    x = np.full((10, 2), 1e30, np.float32)  # the answer is exact wherever this is moved to
    with quiet():
        reached, ratio, start = ascent(experiment(wide, "float32"), x, np.zeros(len(x)), np.random.default_rng(0))
    assert (ratio > 0).all()
    assert (start >= len(x)).all()
    assert (np.abs(reached) < 1e6).all()


def test_what_a_climb_reaches_from_a_refuted_row_is_the_worst_and_not_the_simplest() -> None:
    """naive: exp of 88.72284 is infinite in float32, and the other probability zero. It flushes nothing."""
    (subject,) = named("naive", "softmax")
    prop = ROLE.property_named("gradual_underflow")
    assert prop is not None
    cell = judge_cell(subject, ROLE, prop, "float32", Settings())
    assert cell.cause == "exp overflow"
    assert cell.simplest is not None
    assert [float.fromhex(v) for v in cell.simplest.arguments["x"]["values"]] == [0, np.float32(88.72284)]
    assert set(cell.regimes) <= {"overflow-edge", "ties-at-the-overflow-edge", "scaled", "any-finite", "wide-range"}


def test_a_slow_subject_is_not_climbed() -> None:
    slow, evidence, climbed = experiment(wide, "float16"), Evidence(), Evidence()
    with quiet():
        sweep(evidence, slow, SHARED.blocks(slow, 0, ("ordinary",)), SHARED, 0, lambda: False, climb_seconds=-1)
        sweep(climbed, slow, SHARED.blocks(slow, 0, ("ordinary",)), SHARED, 0, lambda: False)
    assert not evidence.stopped
    assert climbed.examined > evidence.examined + 5000
