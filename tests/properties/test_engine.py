from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from nightly import NIGHTLY
from shared_cells import experiment, judge_cell

from extremum.properties import engine
from extremum.properties.engine import Settings
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.model.property import Property
from extremum.properties.model.view import View
from extremum.properties.roles.softmax import ROLE
from extremum.properties.steps.decide import decide
from extremum.properties.steps.search import search
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.witness import Contradiction, decode
from extremum.properties.values.case import Case
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.arithmetic.wide import BALLS
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject

QUICK = Settings(examples=30, seed=3)


def audit(function: Callable[..., Any], prop: str, dtype: str = "float32", settings: Settings = QUICK) -> Cell:
    found = ROLE.property_named(prop)
    assert found is not None
    return judge_cell(Subject("it", "softmax", function), ROLE, found, dtype, settings)


def judged_alone(function: Any, name: str, dtype: str, settings: Settings) -> Cell:
    """A cell that shares no truth with other tests."""
    prop = ROLE.property_named(name)
    assert prop is not None
    return engine.judge_cell(Subject("it", "softmax", function), ROLE, prop, dtype, settings)


@pytest.mark.slow
def test_negative_zero_is_no_negative_output() -> None:
    assert audit(lambda x, axis=-1: np.copysign(wide(x) * 0, -1.0), "nonnegative").verdict == "held"


def test_a_flush_of_subnormals_is_gradual_underflow_and_not_accuracy() -> None:
    def flushing(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        return np.where(out < FORMATS[x.dtype.name].tiny, 0, out).astype(x.dtype)

    assert audit(flushing, "gradual_underflow").severity == "low"
    assert audit(flushing, "gradual_underflow").verdict == "refuted"
    assert audit(flushing, "accuracy").verdict == "held"


def test_a_sum_that_overflows_to_zero_probabilities_is_no_flush() -> None:
    def overflowing(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        return out * 0 if x.shape[axis] > 65504 else out

    assert audit(overflowing, "accuracy", "float16").verdict == "refuted"
    assert audit(overflowing, "gradual_underflow", "float16").verdict == "held"


def test_a_refutation_has_two_witnesses_that_refute_again() -> None:
    def no_shift(x: Array, axis: int = -1) -> Array:
        e = np.exp(x)
        return e / e.sum(axis=axis, keepdims=True)

    cell = audit(no_shift, "finite")
    assert cell.simplest is not None
    assert cell.worst is not None
    for witness in (cell.simplest, cell.worst):
        assert decide(experiment(no_shift, "finite", "float32"), decode(witness.arguments)).refuted
    assert decode(cell.simplest.arguments).x.size == 1


def test_the_same_seed_gives_the_same_cell() -> None:
    def leaky(x: Array, axis: int = -1) -> Array:
        return np.maximum(wide(x, axis), x.dtype.type(1e-6))

    first, second = (audit(leaky, "accuracy").to_json() for _ in range(2))
    first.pop("seconds")
    second.pop("seconds")
    assert first == second


def test_one_defect_at_one_length_is_found() -> None:
    def wrong_at_2049(x: Array, axis: int = -1) -> Array:
        return wide(x, axis) * x.dtype.type(1 if x.shape[axis] < 2049 else 2)

    cell = audit(wrong_at_2049, "sum_to_one")
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert decode(cell.simplest.arguments).x.shape[1] == 2049


def test_a_subject_that_raises_is_refuted_with_the_cause() -> None:
    def raising(x: Array, axis: int = -1) -> Array:
        if np.isneginf(x).any():
            raise ValueError("finite logits only")
        return wide(x, axis)

    cell = audit(raising, "mask")
    assert (cell.verdict, cell.detail) == ("refuted", "raises ValueError: finite logits only")
    assert audit(raising, "accuracy").verdict == "held"


@pytest.mark.parametrize(
    ("function", "cause"),
    [
        (lambda x, axis=-1: wide(x).tolist(), "returned list, not a NumPy array"),
        (lambda x, axis=-1: wide(x).sum(axis=-1), "returned shape"),
        (lambda x, axis=-1: wide(x) > 0, "returned dtype bool"),
        (lambda x, axis=-1: sys.exit(3), "raises SystemExit: 3"),
    ],
)
def test_what_cannot_be_judged_is_refuted_with_its_cause(function: Callable[..., Any], cause: str) -> None:
    cell = audit(function, "accuracy")
    assert cell.verdict == "refuted"
    assert cell.detail.startswith(cause)


def test_a_dtype_that_the_subject_does_not_take_is_inapplicable() -> None:
    def picky(x: Array, axis: int = -1) -> Array:
        if x.dtype != np.float64:
            raise TypeError("float64 only")
        return wide(x, axis)

    cell = audit(picky, "finite")
    assert (cell.verdict, cell.detail) == (
        "inapplicable",
        "the subject does not take float32: raises TypeError: float64 only",
    )
    assert audit(picky, "finite", "float64").verdict == "held"


def test_a_subject_without_an_axis_is_audited_on_the_last_alone() -> None:
    def last(x: Array) -> Array:
        return wide(x)

    for name in ("axis", "accuracy", "layout"):
        prop = ROLE.property_named(name)
        assert prop is not None
        assert judge_cell(Subject("it", "softmax", last, axis=None), ROLE, prop, "float32", QUICK).verdict == "held"


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4])
def test_a_defect_in_arrays_of_some_dimensions_alone_is_found(dimensions: int) -> None:
    def odd(x: Array, axis: int = -1) -> Array:
        return wide(x, axis) * x.dtype.type(1.5 if x.ndim == dimensions else 1.0)

    assert audit(odd, "axis").verdict == "refuted" or dimensions == 2
    assert audit(odd, "accuracy").verdict == "refuted" or dimensions != 2


@pytest.mark.parametrize("axis_of_interest", [-3, -2, 0, 1, 2])
def test_a_defect_along_one_axis_is_found(axis_of_interest: int) -> None:
    def odd(x: Array, axis: int = -1) -> Array:
        return wide(x, axis) * x.dtype.type(1.5 if axis == axis_of_interest and x.ndim == 3 else 1.0)

    assert audit(odd, "axis").verdict == "refuted"


def test_masks_that_differ_from_row_to_row_are_tried() -> None:
    def first_rows_mask(x: Array, axis: int = -1) -> Array:
        if x.ndim == 2 and axis in (-1, 1):
            x = np.where(np.isneginf(x[:1]), -np.inf, np.where(np.isneginf(x), -1e30, x)).astype(x.dtype)
        return wide(x, axis)

    def hole_ignored(x: Array, axis: int = -1) -> Array:
        single = np.isneginf(x).sum(axis=axis, keepdims=True) == 1
        return wide(np.where(single & np.isneginf(x), x.max(), x).astype(x.dtype), axis)

    assert audit(first_rows_mask, "mask").verdict == "refuted"
    assert audit(hole_ignored, "mask").verdict == "refuted"


def test_a_masked_row_must_not_harm_its_neighbours() -> None:
    def spreading(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        return out * np.nan if np.isneginf(x).all(axis=axis).any() else out

    assert audit(spreading, "row_independence").verdict == "refuted"


@pytest.mark.parametrize("backwards", [False, True])
def test_a_running_output_is_sound_in_either_direction(backwards: bool) -> None:
    def flash(x: Array, axis: int = -1) -> Array:
        rows = np.moveaxis(x, axis, -1)[..., :: -1 if backwards else 1]
        out, m, total = np.empty_like(rows), rows[..., :1], np.zeros_like(rows[..., :1])
        for k in range(rows.shape[-1]):
            higher = np.maximum(m, rows[..., k : k + 1])
            scale, p = np.exp(m - higher), np.exp(rows[..., k : k + 1] - higher)
            out[..., :k] *= scale
            out[..., k : k + 1] = p
            total, m = total * scale + p, higher
        return np.moveaxis((out / total)[..., :: -1 if backwards else 1], -1, axis)

    ramp = Case({"x": (np.arange(1025, dtype=np.float32) * np.float32(609 * 2.0**-14))[None]})
    for prop in ("sum_to_one", "accuracy", "monotone", "permutation_equivariance"):
        cases = [ramp] if "permutation" not in prop else []
        for case in cases:
            with np.errstate(all="ignore"):
                assert not decide(experiment(flash, prop, "float32"), case, final=True).refuted, prop


def test_a_wrong_exponent_deep_in_a_bfloat16_row_is_found() -> None:
    def off(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis).astype(np.float32)
        return np.where(out < 1e-26, out * 1.6, out).astype(x.dtype)

    assert audit(off, "accuracy", "bfloat16").verdict == "refuted"


def test_a_call_that_does_not_return_is_hung_with_its_witness() -> None:
    def endless(x: Array, axis: int = -1) -> Array:
        while x.shape[axis] == 1:  # the first block: nothing before it uses up the limit
            time.sleep(0.01)
        return wide(x, axis)

    cell = audit(endless, "finite", settings=Settings(examples=5, timeout=2.0))
    assert cell.verdict == "hung"
    assert cell.simplest is not None
    assert decode(cell.simplest.arguments).x.shape[1] == 1


def test_many_calls_that_take_too_long_together_are_incomplete() -> None:
    def slow(x: Array, axis: int = -1) -> Array:
        time.sleep(0.05)
        return wide(x, axis)

    cell = audit(slow, "finite", settings=Settings(examples=5, timeout=1.0))
    assert cell.verdict == "incomplete"


def test_a_budget_that_has_ended_is_incomplete() -> None:
    assert audit(wide, "finite", settings=Settings(deadline=time.monotonic() - 1)).verdict == "incomplete"


def test_a_declared_failure_is_expected_and_its_absence_missed() -> None:
    prop = ROLE.property_named("finite")
    assert prop is not None
    sound = Subject("it", "softmax", wide, kind="reference", fails={"finite": ("float32",)})
    cell = judge_cell(sound, ROLE, prop, "float32", QUICK)
    assert (cell.missed, cell.unexpected) == (True, True)
    broken = Subject("it", "softmax", lambda x, axis=-1: x * np.nan, kind="reference", fails={"finite": ("float32",)})
    cell = judge_cell(broken, ROLE, prop, "float32", QUICK)
    assert (cell.found, cell.expected, cell.unexpected) == (True, True, False)


def test_a_caller_that_writes_to_its_input_does_not_harm_other_cells() -> None:
    def scribbling(x: Array, axis: int = -1) -> Array:
        x[...] = np.nan
        return x

    assert audit(scribbling, "finite").verdict == "refuted"
    assert audit(wide, "finite").verdict == "held"


@pytest.mark.slow
def test_an_online_softmax_is_sound_in_wide_formats() -> None:
    def online(x: Array, axis: int = -1) -> Array:
        rows = np.moveaxis(x, axis, -1)
        m, total = rows[..., 0], np.ones_like(rows[..., 0])
        for k in range(1, rows.shape[-1]):
            higher = np.maximum(m, rows[..., k])
            total = total * np.exp(m - higher) + np.exp(rows[..., k] - higher)
            m = higher
        return np.moveaxis(np.exp(rows - m[..., None]) / total[..., None], -1, axis)

    settings = Settings(examples=5, effort=EFFORTS["standard" if NIGHTLY else "quick"])
    for prop in ("sum_to_one", "accuracy", "at_most_one") if NIGHTLY else ("accuracy",):
        assert audit(online, prop, "float64", settings).verdict == "held"


@pytest.mark.parametrize("prop", ["sum_to_one", "accuracy", "at_most_one", "shift_invariance", "monotone"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_scaling_by_a_reciprocal_and_a_careful_base_two_are_sound(dtype: str, prop: str) -> None:
    def reciprocal(x: Array, axis: int = -1) -> Array:
        w = x.astype(np.promote_types(x.dtype, np.float32))
        e = np.exp2((w - w.max(axis=axis, keepdims=True)) * w.dtype.type(1.4426950408889634))
        return (e * (1 / e.sum(axis=axis, keepdims=True))).astype(x.dtype)

    assert audit(reciprocal, prop, dtype, Settings(examples=5)).verdict == "held"


@pytest.mark.slow
def test_without_x87_the_double_double_screen_judges_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_shift(x: Array, axis: int = -1) -> Array:
        e = np.exp(x)
        return e / e.sum(axis=axis, keepdims=True)

    monkeypatch.setattr("extremum.reference.arithmetic.wide.HAS_X87", False)
    few = Settings(examples=5, regimes=("all-equal", "largest", "subnormal-gaps", "any-finite", "masked-end"))
    for name in ("accuracy", "sum_to_one", "shift_invariance", "mask") if NIGHTLY else ("accuracy", "mask"):
        assert judged_alone(wide, name, "float64", few).verdict == "held"
    assert judged_alone(no_shift, "accuracy", "float64", few).verdict == "refuted"


def test_where_balls_contradict_the_screen_nobody_is_accused() -> None:
    def lying(view: View) -> tuple[Any, Any]:
        """A measure whose screen is wrong."""
        return view.out * 0.0 + (0.0 if view.arithmetic is BALLS else 9.0), view.error_bound * 0.0 + 1.0

    prop = Property("lying", "EX999", lying, "value", lengths="few")
    with pytest.raises(Contradiction, match="balls clear what the screen refuted"):
        judge_cell(Subject("it", "softmax", wide), ROLE, prop, "float32", Settings(examples=2))


def test_the_search_does_not_depend_on_the_folder_that_a_file_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []

    def noted(*given: Any) -> Any:
        seeds.append(given[4])
        return search(*given)

    monkeypatch.setattr(engine, "search", noted)
    prop = ROLE.property_named("finite")
    assert prop is not None
    for name in ("mine.py:f", "/a/mine.py:f", "C:\\folder\\mine.py:f", "other.py:f"):
        judge_cell(Subject(name, "softmax", wide), ROLE, prop, "float16", Settings(examples=1, seed=3))
    assert len(set(seeds[:3])) == 1
    assert seeds[3] != seeds[0]


@dataclass
class Scaled:
    """A callable that compares by its array, of which nobody can ask whether it is true."""

    weights: Any

    def __call__(self, x: Array, axis: int = -1) -> Array:
        return np.asarray(wide(x, axis) * x.dtype.type(self.weights[0]))


def test_subjects_whose_functions_cannot_be_compared_share_no_answers() -> None:
    shared, prop = Shared(), ROLE.property_named("sum_to_one")
    assert prop is not None
    for weights, verdict in ((np.ones(2), "held"), (np.full(2, 2.0), "refuted")):
        subject = Subject("it", "softmax", Scaled(weights))
        assert engine.judge_cell(subject, ROLE, prop, "float32", QUICK, shared).verdict == verdict
