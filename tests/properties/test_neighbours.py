"""Runs of neighbouring floats: what one row in many thousands shows, and whom they spare."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from nightly import NIGHTLY

pytest.importorskip("numba", reason="neighbours are rated by a fused screen, compiled by Numba (the extra fast)")

from shared_cells import judge_cell

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import Settings
from extremum.properties.model.role import Experiment
from extremum.properties.roles.softmax import ROLE
from extremum.properties.steps.blocks import Block, blocks
from extremum.properties.steps.neighbours import (
    CALLS,
    PROBE_ROWS,
    RUN_ROWS,
    Neighbours,
    Notable,
    _fitting,
    has_neighbours,
    neighbours,
    row_by_row,
)
from extremum.properties.steps.witness import decode
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject

FLOAT32 = FORMATS["float32"]


def rare(x: Array) -> Array:
    """One pair of ordinary floats in some ten thousand, none of them a round number."""
    if x.dtype != np.float32 or x.shape[-1] != 2:
        return np.zeros((*x.shape[:-1], 1), bool)
    bits = x.view(np.int32)
    return ((bits[..., :1] * 7 + bits[..., 1:]) % 10007 == 77) & (np.abs(x[..., :1]) > 0.3)


def spoilt(value: float) -> Callable[..., Array]:
    def softmax(x: Array, axis: int = -1) -> Array:
        return np.where(rare(x), np.asarray(value, x.dtype), wide(x, axis))

    return softmax


def raising(x: Array, axis: int = -1) -> Array:
    if rare(x).any():
        raise ArithmeticError("that one")
    return wide(x, axis)


def by_rows(x: Array, axis: int = -1) -> Array:
    return np.apply_along_axis(wide, axis, x)


def experiment(function: Callable[..., Array], prop: str = "accuracy", dtype: str = "float32") -> Experiment:
    named = ROLE.property_named(prop)
    assert named is not None
    return Experiment(Call(Subject("it", "softmax", function)), ROLE, named, FORMATS[dtype])


def pairs(looked: Experiment, dtype: str = "float32", seed: int = 0) -> Block:
    (made,) = [b for b in blocks(ROLE, looked.prop, dtype, seed, None) if b.x.shape[-1] == 2 and b.numbers]
    return made


def found(
    function: Callable[..., Array], prop: str = "accuracy", stop: Callable[[], bool] = lambda: False
) -> Neighbours:
    looked = experiment(function, prop)
    with quiet():
        return neighbours(looked, pairs(looked), 0, stop)


@pytest.mark.parametrize(("value", "prop"), [(0.25, "accuracy"), (np.nan, "finite"), (1.5, "at_most_one")])
def test_one_wrong_row_in_ten_thousand_is_found(value: float, prop: str) -> None:
    judged = cell(spoilt(value), prop)
    assert judged.verdict == "refuted"
    assert judged.simplest is not None
    assert rare(decode(judged.simplest.arguments).x).any()


def cell(
    function: Callable[..., Array], prop: str, examples: int = 2, timeout: float | None = Settings.timeout
) -> Cell:
    subject, named = Subject("it", "softmax", function), ROLE.property_named(prop)
    assert named is not None
    return judge_cell(subject, ROLE, named, "float32", Settings(examples=examples, timeout=timeout))


@pytest.mark.slow
def test_a_row_of_which_the_call_raises_is_found_among_thousands() -> None:
    judged = cell(raising, "accuracy")
    assert (judged.verdict, judged.detail) == ("refuted", "raises ArithmeticError: that one")
    assert judged.simplest is not None
    assert rare(decode(judged.simplest.arguments).x).all()


@pytest.mark.slow
@pytest.mark.parametrize("prop", ["finite", *(("sum_to_one", "accuracy") if NIGHTLY else ())])
def test_a_call_that_fails_for_its_many_rows_is_found(prop: str) -> None:
    def wrong(x: Array, axis: int = -1) -> Array:
        return wide(x, axis) * np.float32(np.nan if len(x) > 13_000 else 1)

    def raises(x: Array, axis: int = -1) -> Array:
        if len(x) > 13_000:
            raise ValueError("too many")
        return wide(x, axis)

    assert cell(wrong, prop).verdict == "refuted"
    assert cell(raises, prop).verdict == "refuted"


@pytest.mark.parametrize("prop", ["finite", "sum_to_one"])
def test_rows_that_the_fused_screen_does_not_know_hide_no_other(prop: str) -> None:
    def wrong(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        return np.where(rare(x), np.float32(np.nan), np.where(out == 1, np.nextafter(out, 2), out))

    assert cell(wrong, prop).verdict == "refuted"


def test_a_row_beyond_a_grade_is_looked_at() -> None:
    def an_ulp_off(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        return np.where(rare(x), FLOAT32.step(out, 2), out)

    x, _ = found(an_ulp_off).closest_rows("accuracy")
    assert rare(x).any()


def test_sound_code_holds_and_its_rows_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    every = cell(wide, "finite", examples=0)
    monkeypatch.setattr("extremum.properties.engine.has_neighbours", lambda *_: False)
    swept = cell(wide, "finite", examples=0)
    assert every.verdict == swept.verdict == "held"
    assert every.examined == swept.examined + CALLS * 2 * RUN_ROWS


@pytest.mark.parametrize(("seconds", "one", "calls"), [(30, 0.002, CALLS), (1, 0.1, 8), (1, 3, 1), (-1, 1, 1)])
def test_a_slow_subject_is_called_less_by_powers_of_two(seconds: float, one: float, calls: int) -> None:
    assert _fitting(seconds, one) == calls


def test_a_subject_that_goes_from_row_to_row_is_spared() -> None:
    calls = []

    def counted(x: Array, axis: int = -1) -> Array:
        calls.append(len(x))
        return by_rows(x, axis)

    assert found(counted).rows == 0
    assert sum(calls) < 10 * PROBE_ROWS


def test_rows_are_told_from_blocks() -> None:
    x = np.zeros((2 * PROBE_ROWS, 2), np.float32)
    assert row_by_row(Call(Subject("it", "softmax", by_rows)), x)
    assert not row_by_row(Call(Subject("it", "softmax", wide)), x)


def test_properties_share_the_runs_and_the_same_seed_finds_the_same() -> None:
    one, other = found(wide), found(wide, "sum_to_one")
    assert one.notable.keys() == other.notable.keys()
    for kind, notable in one.notable.items():
        np.testing.assert_array_equal(notable.x, other.notable[kind].x)
        np.testing.assert_array_equal(notable.origin, other.notable[kind].origin)


def test_the_end_of_the_budget_ends_the_runs() -> None:
    left = iter(range(3))
    assert found(wide, stop=lambda: next(left, None) is None).rows <= 3 * 2 * RUN_ROWS


def test_a_slow_subject_is_not_left_incomplete_for_its_neighbours() -> None:
    def slow(x: Array, axis: int = -1) -> Array:
        time.sleep(0.02 * (len(x) == 2 * RUN_ROWS))
        return wide(x, axis)

    judged = cell(slow, "accuracy", timeout=0.02 * CALLS * 0.75)
    assert judged.verdict == "held"
    assert judged.examined < 2 * RUN_ROWS * (CALLS - 1)


def test_notable_rows_are_of_different_gaps_and_the_most_notable_come_first() -> None:
    notable = Notable(np.zeros((0, 2)))
    notable.take(np.array([[1.0, 0], [2, 1], [5, 0], [7, 0]]), np.arange(4), np.array([0.5, 0.7, 0.6, 0.1]))
    assert notable.x.tolist() == [[2, 1], [5, 0], [7, 0]]
    assert notable.origin.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("prop", "dtype", "has"),
    [("accuracy", "float32", True), ("finite", "float32", True), ("accuracy", "float16", False)],
)
def test_neighbours_are_called_of_more_than_16_bits(prop: str, dtype: str, has: bool) -> None:
    looked = experiment(wide, prop, dtype)
    assert has_neighbours(looked, pairs(looked, dtype)) == has


def test_no_neighbours_of_two_calls() -> None:
    looked = experiment(wide, "shift_invariance")
    assert not has_neighbours(looked, pairs(looked))
