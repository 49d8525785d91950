"""Defects of a neighbouring kind: a cause is named only where its experiment separates it from the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from planted_defects import between_fifties, cause_of, many, padded_with_zeros, row, sound

from extremum.properties.values.case import integer
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.sigmoid import careful_sigmoid


def without_its_last_term(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / np.delete(e, -1, axis).sum(axis=axis, keepdims=True))


def tail_beyond_vectors_of_four_left_out(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e[..., : x.shape[-1] // 4 * 4 or 1].sum(axis=axis, keepdims=True))


def divided_by_length(x: Array, axis: int = -1) -> Array:
    return sound(x, axis) * x.dtype.type(1 / x.shape[axis])


def without_its_mean(x: Array, axis: int = -1) -> Array:
    return sound(x * x.dtype.type(2 / x.shape[axis]), axis)


@pytest.mark.parametrize(
    "function",
    [
        without_its_last_term,
        tail_beyond_vectors_of_four_left_out,
        padded_with_zeros,
        divided_by_length,
        without_its_mean,
    ],
)
@pytest.mark.parametrize("masked", [(0.0, -np.inf, 1.0), (0.5, 0.0, -np.inf, 0.25, -np.inf), (1.0, 2.0, -np.inf)])
def test_a_defect_of_length_or_position_is_no_leak(function: Callable[..., Array], masked: tuple[float, ...]) -> None:
    assert cause_of(function, "mask", row(*masked), refuted=False) != "masked value leaks"


@pytest.mark.parametrize("top", [0.0, 1e3, 8.5e37, -8.5e37])
def test_a_floor_under_all_probabilities_is_no_leak_however_high_the_row_lies(top: float) -> None:
    def floored(x: Array, axis: int = -1) -> Array:
        return np.maximum(sound(x, axis), x.dtype.type(1e-7))

    assert cause_of(floored, "mask", row(-np.inf, top, -np.inf)) in ("values clipped", "unknown")


def masked_as_zero_probability_of_the_rest(x: Array, axis: int = -1) -> Array:
    return sound(np.where(np.isneginf(x), np.float32(0), x), axis)


def nan_for_masked(x: Array, axis: int = -1) -> Array:
    return sound(x, axis) * np.where(np.isneginf(x), np.float32(np.nan), np.float32(1))


@pytest.mark.parametrize(
    ("function", "cause"),
    [(masked_as_zero_probability_of_the_rest, "masked value leaks"), (nan_for_masked, "nan from a mask")],
)
def test_a_mask_that_counts_is_a_leak_wherever_it_stands(function: Callable[..., Array], cause: str) -> None:
    for masked in ((-np.inf, 1.0), (0.0, -np.inf, 1.0), (2.0, -np.inf)):
        assert cause_of(function, "mask", row(*masked)) == cause


def shifted_by_ceil_of_maximum(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - np.ceil(x.max(axis=axis, keepdims=True)))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def zero_below_1e_42(x: Array, axis: int = -1) -> Array:
    s = sound(x, axis)
    return np.where(s < 1e-42, 0, s).astype(x.dtype)


def exp_by_limit(x: Array, axis: int = -1) -> Array:
    gaps = np.maximum(x - x.max(axis=axis, keepdims=True), np.float32(-64))
    e = (1 + gaps / 64) ** 64
    return np.asarray(e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


@pytest.mark.parametrize("function", [shifted_by_ceil_of_maximum, zero_below_1e_42, exp_by_limit])
@pytest.mark.parametrize("gap", [90.0, 102.5, 103.2])
def test_a_value_that_is_zero_for_another_reason_is_not_flushed(function: Callable[..., Array], gap: float) -> None:
    for prop in ("gradual_underflow", "accuracy"):
        assert cause_of(function, prop, row(0.01, -gap), refuted=False) != "subnormals flushed"


def test_a_step_is_not_flushed_where_the_square_of_its_gradient_overflows() -> None:
    def normalised_and_back(x: Array, gradient: Array, step_size: float) -> Array:
        norm = np.sqrt((gradient * gradient).sum())
        return np.asarray(x - step_size * (gradient / norm * norm if np.isfinite(norm) else gradient * 0)).astype(
            x.dtype
        )

    case = {
        "x": np.array([[0.0, 0.0]], np.float32),
        "gradient": np.array([[1e20, 1e-39]], np.float32),
        "step_size": np.array([1.0]),
    }
    assert cause_of(normalised_and_back, "gradual_underflow", case, role="descent_step", refuted=False) not in (
        "subnormals flushed",
    )


def test_a_step_that_flushes_is_flushed() -> None:
    def flushing_step(x: Array, gradient: Array, step_size: float) -> Array:
        y = np.asarray(x - x.dtype.type(step_size) * gradient)
        return np.where(np.abs(y) < FORMATS[x.dtype.name].tiny, 0, y).astype(x.dtype)

    case = {
        "x": np.array([[0.0, 1.0]], np.float32),
        "gradient": np.array([[1e-39, 1.0]], np.float32),
        "step_size": np.array([1.0]),
    }
    assert cause_of(flushing_step, "gradual_underflow", case, role="descent_step") == "subnormals flushed"


def test_many_small_terms_along_the_last_axis_stagnate() -> None:
    def in_own_dtype(x: Array, axis: int = -1) -> Array:
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return np.asarray(e / np.add.accumulate(e, axis=axis)[..., -1:])

    assert cause_of(in_own_dtype, "sum_to_one", many(0.0, -6.5, 200, "bfloat16")) == "accumulator stagnation"


def test_a_gradient_that_drops_what_is_small_flushes_no_subnormals() -> None:
    def dropping(A: Array, x: Array) -> Array:
        y = (A + A.T) @ x
        return np.where(np.abs(y) < 1e-20, 0, y).astype(x.dtype)

    def flushing_form(A: Array, x: Array) -> Array:
        y = (A + A.T) @ x
        return np.where(np.abs(y) < np.finfo(np.float32).tiny, 0, y).astype(x.dtype)

    case = {"A": np.array([[[1e-39, 0.0], [0.0, 1e-39]]], np.float32), "x": np.array([[1.0, 1.0]], np.float32)}
    role = "quadratic_form_gradient"
    assert cause_of(dropping, "gradual_underflow", case, role=role) == "unknown"
    assert cause_of(flushing_form, "gradual_underflow", case, role=role) == "subnormals flushed"


@pytest.mark.parametrize("top", [-38.0, -40.0, -42.0, -60.0])
def test_digits_lost_on_the_way_to_underflow_are_no_cancellation_and_no_rounding_of_the_gap(top: float) -> None:
    def shifted_by_largest_magnitude(x: Array, axis: int = -1) -> Array:
        e = np.exp(x - np.abs(x).max(axis=axis, keepdims=True))
        return np.asarray(e / e.sum(axis=axis, keepdims=True))

    for entries in ((top, top - 12.0), (0.0, 2 * top, 2.5 * top), (-8.0, top, top - 1.0)):
        found = cause_of(shifted_by_largest_magnitude, "accuracy", row(*entries), refuted=False)
        assert found not in ("cancellation", "rounding of the gap")


@pytest.mark.parametrize("shift", ["first", "smallest"])
def test_a_shift_that_a_masked_entry_spoils_is_told_by_what_finite_ones_spoil(shift: str) -> None:
    def badly_shifted(x: Array, axis: int = -1) -> Array:
        e = np.exp(x - (x[..., :1] if shift == "first" else x.min(axis=axis, keepdims=True)))
        return np.asarray(e / e.sum(axis=axis, keepdims=True))

    assert cause_of(badly_shifted, "mask", row(-np.inf, 0.0, 1.0)) != "masked value leaks"


def test_entries_that_change_places_do_not_underflow() -> None:
    def swapped(x: Array, axis: int = -1) -> Array:
        s = sound(x, axis)
        s[..., [0, 1]] = s[..., [1, 0]]
        return s

    for deep, deeper in ((-100.0, -110.0), (-20.0, -300.0), (-5.0, -104.5)):
        assert cause_of(swapped, "accuracy", row(deep, deeper, 0.0), refuted=False) == "unknown"


# What a caller is owed.


def along_last_in_any_case(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_sum_over_another_axis_is_no_sum_in_16_bits(dtype: str) -> None:
    x = np.zeros((3000, 2)).astype(FORMATS[dtype].dtype)
    assert cause_of(along_last_in_any_case, "axis", {"x": x, "axis": integer(0)}) == "wrong axis"


def test_a_sum_in_16_bits_along_the_first_axis_is_no_wrong_axis() -> None:
    def logarithm(x: Array, axis: int = -1) -> Array:
        gaps = x - x.max(axis=axis, keepdims=True)
        return np.asarray(gaps - np.log(np.exp(gaps).sum(axis=axis, keepdims=True)))

    x = np.zeros((9000, 2), np.float16)
    assert cause_of(logarithm, "axis", {"x": x, "axis": integer(0)}, role="log_softmax") == "sum in 16 bits"


def test_an_answer_that_follows_the_calls_before_is_not_nondeterministic() -> None:
    mean: list[Array] = [np.zeros(1, np.float32)]

    def averaged(x: Array, axis: int = -1) -> Array:
        s = sound(x, axis)
        mean[0] = np.asarray((s + mean[0]) / 2 if mean[0].shape == s.shape else s)
        return mean[0].copy()

    x = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    assert cause_of(averaged, "row_independence", {"x": x}) == "state leaks between rows"


def test_noise_is_nondeterministic_whatever_property_it_fails() -> None:
    chance = np.random.default_rng(0)

    def noisy(x: Array, axis: int = -1) -> Array:
        return (sound(x, axis) * chance.uniform(0.5, 1.5, x.shape)).astype(x.dtype)

    x = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    for prop in ("accuracy", "sum_to_one", "determinism", "row_independence"):
        assert cause_of(noisy, prop, {"x": x}) == "nondeterministic"


def test_a_sum_over_the_first_axis_is_no_wrong_shape() -> None:
    def over_first(x: Array, axis: int = -1) -> Array:
        top = x.max(axis=0)
        return np.asarray(top + np.log(np.exp(x - top).sum(axis=0))).astype(x.dtype)

    def kept(x: Array, axis: int = -1) -> Array:
        top = x.max(axis=axis, keepdims=True)
        return np.asarray(top + np.log(np.exp(x - top).sum(axis=axis, keepdims=True))).astype(x.dtype)

    x = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0]], np.float32)
    assert cause_of(over_first, "shape", {"x": x}, role="logsumexp") == "wrong axis"
    assert cause_of(kept, "shape", {"x": x}, role="logsumexp") == "wrong shape"


def shifted_by_the_largest_of_all_rows_over_a_floor(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max())
    return np.asarray(e / (e.sum(axis=axis, keepdims=True) + x.dtype.type(1e-6)))


def test_other_rows_are_no_cause_of_what_a_single_row_shows() -> None:
    function = shifted_by_the_largest_of_all_rows_over_a_floor
    assert cause_of(function, "sum_to_one", row(0.0)) != "wrong axis"
    assert cause_of(function, "accuracy", {"x": np.array([[0, 0], [300, 300]], np.float32)}) == "wrong axis"


def test_a_single_row_that_is_answered_well_as_a_column_is_reduced_along_another_axis() -> None:
    def first_axis(x: Array, axis: int = -1) -> Array:
        return sound(x, 0)

    assert cause_of(first_axis, "sum_to_one", row(0.0, 0.0)) == "wrong axis"


def test_the_layout_is_no_cause_of_what_is_wrong_in_c_order_too() -> None:
    def narrowed(x: Array, axis: int = -1) -> Array:
        wide = x.astype(np.float32)
        e = np.exp(wide - wide.max(axis=axis, keepdims=True))
        return np.asarray((e / e.sum(axis=axis, keepdims=True)).astype(x.dtype))

    x = np.linspace(0.0, 1.0, 40).reshape(4, 10)
    assert cause_of(narrowed, "layout", {"x": x}, layout="F", refuted=False) != "storage order ignored"


def above_a_floor(x: Array, axis: int = -1) -> Array:
    return np.maximum(sound(x, axis), x.dtype.type(1e-12))


def tenth_power_of_a_rational(x: Array, axis: int = -1) -> Array:
    """No limit anywhere: the error grows with the distance."""
    e = 1 / (1 + (x.max(axis=axis, keepdims=True) - x) / 10) ** 10
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


@pytest.mark.parametrize(
    ("function", "x", "cause"),
    [
        (between_fifties, (0.0, 50.00001), "values clipped"),
        (between_fifties, (-3e28, -1e10), "values clipped"),
        (above_a_floor, (0.0, -60.0), "values clipped"),
        (tenth_power_of_a_rational, (0.0, -60.0), "unknown"),
    ],
)
def test_values_are_clipped_where_all_beyond_a_limit_are_answered_alike(
    function: Callable[..., Array], x: tuple[float, ...], cause: str
) -> None:
    assert cause_of(function, "accuracy", row(*x)) == cause


def test_an_answer_of_another_shape_is_no_wrong_axis_where_each_entry_has_its_own() -> None:
    def squeezed(x: Array, axis: int = -1) -> Array:
        return np.squeeze(1 / (1 + np.exp(-x)))

    assert cause_of(squeezed, "shape", row(0.0, 1.0), role="sigmoid") == "wrong shape"


def growing(x: Array, axis: int = -1) -> Array:
    return np.asarray(np.exp(x) / (1 + np.exp(x)))


def undefined_beyond_fifty(x: Array, axis: int = -1) -> Array:
    return np.where(np.abs(x) > 50, np.nan, 1 / (1 + np.exp(-np.abs(x)) ** np.sign(x)))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_of_single_entries_an_overflow_is_told_by_where_it_begins(dtype: str) -> None:
    far = {"float64": 800.0, "float32": 90.0, "float16": 12.0}[dtype]
    assert cause_of(growing, "finite", row(far, dtype=dtype), role="sigmoid") == "exp overflow"
    if dtype != "float16":
        assert cause_of(undefined_beyond_fifty, "finite", row(far, dtype=dtype), role="sigmoid") != "exp overflow"


def test_of_single_entries_a_flush_is_told_by_where_it_begins() -> None:
    def flushing(x: Array, axis: int = -1) -> Array:
        y = careful_sigmoid(x)
        return np.where(y < np.finfo(x.dtype).tiny, 0, y).astype(x.dtype)

    def ending(x: Array, axis: int = -1) -> Array:
        return np.where(x < -88.2, 0, careful_sigmoid(x)).astype(x.dtype)

    assert cause_of(flushing, "gradual_underflow", row(-88.0), role="sigmoid") == "subnormals flushed"
    assert cause_of(ending, "gradual_underflow", row(-88.3), role="sigmoid") != "subnormals flushed"


def test_the_answer_to_the_opposite_number_is_a_wrong_sign() -> None:
    def decreasing(x: Array, axis: int = -1) -> Array:
        return np.asarray(1 / (1 + np.exp(x)))

    assert cause_of(decreasing, "accuracy", row(1.0, 2.0), role="sigmoid") == "wrong sign"
    shifted = lambda x, axis=-1: 1 / (1 + np.exp(1 - x))  # noqa: E731
    assert cause_of(shifted, "accuracy", row(1.0, 2.0), role="sigmoid") != "wrong sign"
