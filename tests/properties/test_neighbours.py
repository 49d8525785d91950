"""Runs of neighbouring floats: what one row in many thousands shows, and whom they spare."""

import time

import numpy as np
import pytest

pytest.importorskip("numba", reason="neighbours are rated by a fused screen, compiled by Numba (the extra fast)")

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.model.role import Experiment
from extremum.properties.roles.softmax import ROLE
from extremum.properties.steps.blocks import blocks
from extremum.properties.steps.neighbours import (
    CALLS,
    FEW,
    RUN,
    Notable,
    _fitting,
    has_neighbours,
    neighbours,
    row_by_row,
)
from extremum.properties.steps.witness import decode
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject

FLOAT32 = FORMATS["float32"]


def rare(x):
    """One pair of ordinary floats in some ten thousand, none of them a round number."""
    if x.dtype != np.float32 or x.shape[-1] != 2:
        return np.zeros((*x.shape[:-1], 1), bool)
    bits = x.view(np.int32)
    return ((bits[..., :1] * 7 + bits[..., 1:]) % 10007 == 77) & (np.abs(x[..., :1]) > 0.3)


def spoilt(value):
    def softmax(x, axis=-1):
        return np.where(rare(x), np.asarray(value, x.dtype), wide(x, axis))

    return softmax


def raising(x, axis=-1):
    if rare(x).any():
        raise ArithmeticError("that one")
    return wide(x, axis)


def by_rows(x, axis=-1):
    return np.apply_along_axis(wide, axis, x)


def experiment(function, prop="accuracy", dtype="float32"):
    return Experiment(Call(Subject("it", "softmax", function)), ROLE, ROLE.property_named(prop), FORMATS[dtype])


def pairs(looked, dtype="float32", seed=0):
    (made,) = [b for b in blocks(ROLE, looked.prop, dtype, seed, None) if b.x.shape[-1] == 2]
    return made


def found(function, prop="accuracy", stop=lambda: False):
    looked = experiment(function, prop)
    with quiet():
        return neighbours(looked, pairs(looked), 0, stop)


@pytest.mark.parametrize(("value", "prop"), [(0.25, "accuracy"), (np.nan, "finite"), (1.5, "at_most_one")])
def test_one_wrong_row_in_ten_thousand_is_found(value, prop):
    judged = cell(spoilt(value), prop)
    assert judged.verdict == "refuted"
    assert rare(decode(judged.simplest.arguments).x).any()


def cell(function, prop, **options):
    subject = Subject("it", "softmax", function)
    return judge_cell(subject, ROLE, ROLE.property_named(prop), "float32", Settings(**{"examples": 2, **options}))


def test_a_row_of_which_the_call_raises_is_found_among_thousands():
    judged = cell(raising, "accuracy")
    assert (judged.verdict, judged.detail) == ("refuted", "raises ArithmeticError: that one")
    assert rare(decode(judged.simplest.arguments).x).all()


@pytest.mark.parametrize("prop", ["finite", "sum_to_one", "accuracy"])
def test_a_call_that_fails_for_its_many_rows_is_found(prop):
    def wrong(x, axis=-1):
        return wide(x, axis) * np.float32(np.nan if len(x) > 13_000 else 1)

    def raises(x, axis=-1):
        if len(x) > 13_000:
            raise ValueError("too many")
        return wide(x, axis)

    assert cell(wrong, prop).verdict == "refuted"
    assert cell(raises, prop).verdict == "refuted"


@pytest.mark.parametrize("prop", ["finite", "sum_to_one"])
def test_rows_that_the_fused_screen_does_not_know_hide_no_other(prop):
    def wrong(x, axis=-1):
        out = wide(x, axis)
        return np.where(rare(x), np.float32(np.nan), np.where(out == 1, np.nextafter(out, 2), out))

    assert cell(wrong, prop).verdict == "refuted"


def test_a_row_beyond_a_grade_is_looked_at():
    def an_ulp_off(x, axis=-1):
        out = wide(x, axis)
        return np.where(rare(x), FLOAT32.step(out, 2), out)

    x, _ = found(an_ulp_off).of("accuracy")
    assert rare(x).any()


def test_sound_code_holds_and_its_rows_are_counted(monkeypatch):
    every = cell(wide, "finite", examples=0)
    monkeypatch.setattr("extremum.properties.steps.screen.has_neighbours", lambda *_: False)
    swept = cell(wide, "finite", examples=0)
    assert every.verdict == swept.verdict == "held"
    assert every.examined == swept.examined + CALLS * 2 * RUN


@pytest.mark.parametrize(("seconds", "one", "calls"), [(30, 0.002, CALLS), (1, 0.1, 8), (1, 3, 1), (-1, 1, 1)])
def test_a_slow_subject_is_called_less_by_powers_of_two(seconds, one, calls):
    assert _fitting(seconds, one) == calls


def test_a_subject_that_goes_from_row_to_row_is_spared():
    calls = []

    def counted(x, axis=-1):
        calls.append(len(x))
        return by_rows(x, axis)

    assert found(counted).rows == 0
    assert sum(calls) < 10 * FEW


def test_rows_are_told_from_blocks():
    x = np.zeros((2 * FEW, 2), np.float32)
    assert row_by_row(Call(Subject("it", "softmax", by_rows)), x)
    assert not row_by_row(Call(Subject("it", "softmax", wide)), x)


def test_properties_share_the_runs_and_the_same_seed_finds_the_same():
    one, other = found(wide), found(wide, "sum_to_one")
    assert one.notable.keys() == other.notable.keys()
    for kind, notable in one.notable.items():
        np.testing.assert_array_equal(notable.x, other.notable[kind].x)
        np.testing.assert_array_equal(notable.origin, other.notable[kind].origin)


def test_the_end_of_the_budget_ends_the_runs():
    left = iter(range(3))
    assert found(wide, stop=lambda: next(left, None) is None).rows <= 3 * 2 * RUN


def test_a_slow_subject_is_not_left_incomplete_for_its_neighbours():
    def slow(x, axis=-1):
        time.sleep(0.02 * (len(x) == 2 * RUN))
        return wide(x, axis)

    judged = cell(slow, "accuracy", timeout=0.02 * CALLS * 0.75)
    assert judged.verdict == "held"
    assert judged.examined < 2 * RUN * (CALLS - 1)


def test_notable_rows_are_of_different_gaps_and_the_most_notable_come_first():
    notable = Notable(np.zeros((0, 2)))
    notable.take(np.array([[1.0, 0], [2, 1], [5, 0], [7, 0]]), np.arange(4), np.array([0.5, 0.7, 0.6, 0.1]))
    assert notable.x.tolist() == [[2, 1], [5, 0], [7, 0]]
    assert notable.origin.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("prop", "dtype", "has"),
    [("accuracy", "float32", True), ("finite", "float32", True), ("accuracy", "float16", False)],
)
def test_neighbours_are_called_of_more_than_16_bits(prop, dtype, has):
    looked = experiment(wide, prop, dtype)
    assert has_neighbours(looked, pairs(looked, dtype)) == has


def test_no_neighbours_of_two_calls():
    looked = experiment(wide, "shift_invariance")
    assert not has_neighbours(looked, pairs(looked))
