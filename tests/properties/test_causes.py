from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from planted_defects import between_fifties, cause_of, many, padded_with_zeros, row, sound

from extremum.properties.calling.call import Call
from extremum.properties.diagnosis.cause_table import CAUSES
from extremum.properties.diagnosis.diagnose import diagnose
from extremum.properties.diagnosis.diagnosis_run import DiagnosisRun
from extremum.properties.inputs.regimes import PLAIN
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import View
from extremum.properties.roles.registry import role_named, roles
from extremum.properties.steps.decide import Decision
from extremum.properties.values.case import Case, integer
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.arithmetic.wide import FLOAT64
from extremum.reference.subjects.subject import Subject
from extremum.reference.truth import Truth
from extremum.reference.truth.logits import Logits


def no_shift(x: Array, axis: int = -1) -> Array:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def shifted_where_exp_overflows(x: Array, axis: int = -1) -> Array:
    top = x.max(axis=axis, keepdims=True)
    e = np.exp(np.where(top > 88.7, x - top, x))
    return e / e.sum(axis=axis, keepdims=True)


def maximum_from_zero(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True, initial=0))
    return e / e.sum(axis=axis, keepdims=True)


def summed_in_own_dtype(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / np.add.accumulate(e, axis=axis)[..., -1:]


def last_by_complement(x: Array, axis: int = -1) -> Array:
    s = sound(x, axis)
    s[..., -1] = 1 - s[..., :-1].sum(axis=-1)
    return s


def through_logsumexp(x: Array, axis: int = -1) -> Array:
    top = x.max(axis=axis, keepdims=True)
    return np.asarray(np.exp(x - (top + np.log(np.exp(x - top).sum(axis=axis, keepdims=True)))))


def flushing(x: Array, axis: int = -1) -> Array:
    s = sound(x, axis)
    return np.where(s < FORMATS[x.dtype.name].tiny, 0, s).astype(x.dtype)


def masked_by_minus_10000(x: Array, axis: int = -1) -> Array:
    return sound(np.where(np.isneginf(x), np.float32(-1e4), x), axis)


def last_axis_always(x: Array, axis: int = -1) -> Array:
    return sound(x)


def sum_of_all_rows(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum())


def remembering() -> Callable[..., Array]:
    kept = [np.zeros(1, np.float32)]

    def averaged(x: Array, axis: int = -1) -> Array:
        s = sound(x, axis)
        mean = (s + kept[0]) / 2 if kept[0].shape == s.shape else s
        kept[0] = s
        return mean

    return averaged


def rows_added_up(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / np.cumsum(e.sum(axis=-1, keepdims=True), axis=0))


def strides_ignored(x: Array, axis: int = -1) -> Array:
    return sound(x[..., ::-1] if x.strides[-1] < 0 else x, axis)


def shifted_in_place(x: Array, axis: int = -1) -> Array:
    x -= x.max(axis=axis, keepdims=True)
    return sound(x, axis)


def logits_in_float16(x: Array, axis: int = -1) -> Array:
    return sound(x.astype(np.float16).astype(x.dtype), axis)


def returned_in_float16(x: Array, axis: int = -1) -> Array:
    return sound(x, axis).astype(np.float16)


def temperature_left_in(x: Array, axis: int = -1) -> Array:
    return sound(x / x.dtype.type(1.1), axis)


def along_first(*values: float) -> dict[str, Array]:
    return {"x": np.array([values], np.float32).T, "axis": integer(0)}


def returned_in_float64(x: Array, axis: int = -1) -> Array:
    return sound(x, axis).astype(np.float64)


def with_an_axis_more(x: Array, axis: int = -1) -> Array:
    return sound(x, axis)[None]


_chance = np.random.default_rng(3)


def noisy(x: Array, axis: int = -1) -> Array:
    return (sound(x, axis) * _chance.uniform(0.5, 1.5, x.shape)).astype(x.dtype)


def strided_sum(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def tail_not_filled(x: Array, axis: int = -1) -> Array:
    s = sound(x, axis)
    s[..., s.shape[-1] // 4 * 4 :] = 0
    return s


def without_last_term(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e[..., :-1].sum(axis=-1, keepdims=True))


def negated(x: Array, axis: int = -1) -> Array:
    return -sound(x, axis)


def halved(x: Array, axis: int = -1) -> Array:
    return sound(x, axis) / 2


def one_added_to_the_sum(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / (1 + e.sum(axis=axis, keepdims=True)))


def logarithm_returned(x: Array, axis: int = -1) -> Array:
    return np.log(sound(x, axis))


def a_tenth_added(x: Array, axis: int = -1) -> Array:
    return (sound(x, axis) + x.dtype.type(0.1)).astype(x.dtype)


def in_base_2(x: Array, axis: int = -1) -> Array:
    t = x * x.dtype.type(np.log2(np.e))
    e = np.exp2(t - t.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def float16_along_first(count: int) -> dict[str, Array]:
    return {"x": np.zeros((count, 2), np.float16), "axis": integer(0)}


def running_from_minus_infinity(x: Array, axis: int = -1) -> Array:
    rows = np.moveaxis(x, axis, -1)
    m, total = np.full_like(rows[..., 0], -np.inf), np.zeros_like(rows[..., 0])
    for k in range(rows.shape[-1]):
        higher = np.maximum(m, rows[..., k])
        total = total * np.exp(m - higher) + np.exp(rows[..., k] - higher)
        m = higher
    return np.moveaxis(np.exp(rows - m[..., None]) / total[..., None], -1, axis)


KEPT: dict[tuple[int, ...], Array] = {}


def into_a_kept_array(x: Array, axis: int = -1) -> Array:
    out = KEPT.setdefault(x.shape, np.empty_like(x))
    out[...] = np.exp(x - x.max(axis=axis, keepdims=True))
    out /= out.sum(axis=axis, keepdims=True)
    return out


def mean_for_sum(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True) / x.dtype.type(x.shape[axis]))


def never_rescaled(x: Array, axis: int = -1) -> Array:
    so_far = np.maximum.accumulate(x, axis=axis)
    return np.asarray(np.exp(x - x.max(axis=axis, keepdims=True)) / np.exp(x - so_far).sum(axis=axis, keepdims=True))


def probabilities_with_epsilon(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True) + x.dtype.type(1e-4))


FINDINGS = [
    ("exp overflow", no_shift, "finite", row(89.0), "C"),
    ("exp overflow", no_shift, "accuracy", row(800.0, 0.0, dtype="float64"), "C"),
    ("sum overflow", shifted_where_exp_overflows, "accuracy", row(88.5, 88.5), "C"),
    ("underflow to zero", maximum_from_zero, "finite", row(-800.0, -801.0), "C"),
    ("accumulator stagnation", summed_in_own_dtype, "sum_to_one", many(0.0, -6.5, 200, "bfloat16"), "C"),
    ("cancellation", last_by_complement, "accuracy", row(0.0, 0.3, -14.0), "C"),
    ("rounding of the gap", through_logsumexp, "accuracy", row(10000.0, 10000.0), "C"),
    ("subnormals flushed", flushing, "gradual_underflow", row(0.0, -90.0), "C"),
    ("answer overwritten", into_a_kept_array, "purity", row(0.0, 0.0, 1.0), "C"),
    ("divided by length", mean_for_sum, "accuracy", row(0.0, 1.0, 2.0), "C"),
    ("padding counted", padded_with_zeros, "accuracy", row(0.0, 1.0, 2.0), "C"),
    ("sums not rescaled", never_rescaled, "accuracy", row(0.0, 1.0, 2.0), "C"),
    ("epsilon added", probabilities_with_epsilon, "accuracy", row(0.0, 10.0), "C"),
    ("values clipped", between_fifties, "accuracy", row(0.0, 60.0), "C"),
    ("masked value leaks", masked_by_minus_10000, "mask", row(-2e4, -np.inf), "C"),
    ("nan from a mask", running_from_minus_infinity, "mask", row(-np.inf, 1.0), "C"),
    ("wrong axis", last_axis_always, "axis", along_first(0.0, 0.0), "C"),
    ("wrong axis", sum_of_all_rows, "row_independence", {"x": np.zeros((2, 2), np.float32)}, "C"),
    ("state leaks between rows", rows_added_up, "row_independence", {"x": np.zeros((2, 2), np.float32)}, "C"),
    ("storage order ignored", strides_ignored, "layout", row(0.0, 1.0), "reversed"),
    ("input mutated", shifted_in_place, "purity", row(1.0), "C"),
    ("input mutated", shifted_in_place, "layout", row(1.0, 2.0), "read-only"),
    ("precision narrowed", logits_in_float16, "accuracy", row(0.0, 0.3001), "C"),
    ("precision narrowed", returned_in_float16, "dtype", row(0.0), "C"),
    ("wrong dtype", returned_in_float64, "dtype", row(0.0), "C"),
    ("wrong shape", with_an_axis_more, "shape", row(0.0, 1.0), "C"),
    ("nondeterministic", noisy, "determinism", row(0.0, 1.0, 2.0), "C"),
    ("sum in 16 bits", strided_sum, "axis", float16_along_first(10_000), "C"),
    ("entries left out", tail_not_filled, "accuracy", row(*range(7)), "C"),
    ("missing term", without_last_term, "sum_to_one", row(0.0, 1.0, 2.0), "C"),
    ("wrong sign", negated, "nonnegative", row(0.0, 1.0), "C"),
    ("wrong factor", halved, "sum_to_one", row(0.0, 1.0), "C"),
    ("wrong divisor", one_added_to_the_sum, "sum_to_one", row(0.0, 1.0), "C"),
    ("wrong term", logarithm_returned, "nonnegative", row(0.0, 1.0), "C"),
    ("extra term", a_tenth_added, "accuracy", row(0.0, 1.0), "C"),
    ("base 2 out of range", in_base_2, "finite", row(2.5e38, 0.0), "C"),
    ("unknown", temperature_left_in, "accuracy", row(0.0, 5.0), "C"),
]


@pytest.mark.parametrize(
    ("cause", "function", "prop", "arguments", "layout"), FINDINGS, ids=[f"{c}-{f.__name__}" for c, f, *_ in FINDINGS]
)
def test_a_finding_gets_the_cause_that_was_planted(
    cause: str, function: Callable[..., Array], prop: str, arguments: dict[str, Array], layout: str
) -> None:
    assert cause_of(function, prop, arguments, layout) == cause


def test_a_quadratic_form_with_a_matrix_for_its_transpose_is_told() -> None:
    case = {"A": np.array([[[0.0, 1.0], [2.0, 0.0]]], np.float32), "x": np.array([[1.0, 2.0]], np.float32)}
    assert cause_of(lambda A, x: 2 * A @ x, "accuracy", case, role="quadratic_form_gradient") == "transposed matrix"


def test_a_mean_over_calls_leaks_from_row_to_row() -> None:
    x = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    assert cause_of(remembering(), "row_independence", {"x": x}) == "state leaks between rows"


@pytest.mark.parametrize("gap", [100.0, 103.0, 110.0])
def test_digits_of_a_subnormal_probability_are_lost_as_it_is_zero_farther_out(gap: float) -> None:
    def through_the_probability(x: Array, axis: int = -1) -> Array:
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return np.asarray(np.log(e / e.sum(axis=axis, keepdims=True)))

    assert cause_of(through_the_probability, "accuracy", row(0.0, gap), role="log_softmax") == "underflow to zero"


def test_each_cause_has_a_finding_here_and_its_text() -> None:
    assert {"transposed matrix", *(cause for cause, *_ in FINDINGS)} == set(CAUSES)
    for cause in CAUSES.values():
        assert all(text[0].isupper() and text.endswith(".") for text in (cause.meaning, cause.experiment, cause.fix))
        assert ". " not in cause.experiment  # one sentence


def test_a_shiftable_role_is_one_that_computes_a_softmax() -> None:
    assert {role.name for role in roles().values() if role.shiftable} == {
        *("softmax", "log_softmax", "logsumexp", "softmax_jacobian", "softmax_vjp"),
        *("cross_entropy", "cross_entropy_gradient"),
    }


@pytest.mark.parametrize("role", [role for role in roles().values() if role.shiftable], ids=lambda role: role.name)
def test_the_truth_of_a_shiftable_role_is_made_of_logits(role: Role) -> None:
    arguments = role.ordinary(FORMATS["float32"])
    parts = role.truth(arguments, FLOAT64).parts
    assert isinstance(parts, Logits)
    assert np.array_equal(parts.x, next(iter(arguments.values())))


def test_a_subject_whose_exact_answers_nobody_knows_is_asked_no_ordinary_rows() -> None:
    role = role_named("gradient_of")
    experiment = Experiment(
        Call(Subject("it", role.name, np.cos, axis=None)), role, role.properties[0], FORMATS["float64"]
    )
    run = DiagnosisRun(experiment, Case({"x": np.ones((1, 2))}), Decision(True))
    with pytest.raises(TypeError, match="not known"):
        run.ordinary()


def test_the_same_row_tells_exp_overflow_from_sum_overflow() -> None:
    tie = row(88.5, 88.5)
    assert cause_of(no_shift, "accuracy", tie) == "exp overflow"
    assert cause_of(shifted_where_exp_overflows, "accuracy", tie) == "sum overflow"


def test_a_mask_that_fails_because_the_plain_row_does_is_no_leak() -> None:
    def masks_well(x: Array, axis: int = -1) -> Array:
        return np.where(np.isneginf(x), 0, temperature_left_in(x, axis) * np.float32(x.shape[axis])).astype(x.dtype)

    assert cause_of(masks_well, "mask", row(0.0, 3.0, -np.inf)) == "unknown"


def test_a_loss_of_a_rounded_normaliser_cancels_and_one_of_a_flushed_probability_is_flushed() -> None:
    def of_rounded_normaliser(logits: Array, L: int) -> Array:
        y = logits.max() + np.log(np.exp(logits - logits.max()).sum())
        return np.asarray(y - logits[L])

    def of_flushed_softmax(logits: Array, L: int) -> Array:
        return np.asarray(-np.log(flushing(logits)[L]))

    ties = {"logits": np.full((1, 2), 1e4, np.float32), "L": np.array([0])}
    apart = {"logits": np.array([[0.0, 95.0]], np.float32), "L": np.array([0])}
    assert cause_of(of_rounded_normaliser, "accuracy", ties, role="cross_entropy") == "cancellation"
    assert cause_of(of_flushed_softmax, "finite", apart, role="cross_entropy") == "subnormals flushed"


def test_a_subject_that_raises_where_an_exponential_overflows_is_diagnosed_all_the_same() -> None:
    def raising(x: Array, axis: int = -1) -> Array:
        with np.errstate(over="raise"):
            return no_shift(x, axis)

    assert cause_of(raising, "finite", row(100.0)) == "exp overflow"


@pytest.mark.parametrize("error", [ValueError, SystemExit, MemoryError])
def test_a_subject_that_raises_in_every_experiment_is_no_error(error: type[BaseException]) -> None:
    def failing(x: Array, axis: int = -1) -> Array:
        raise error("no")

    assert cause_of(failing, "accuracy", row(1.0)) == "unknown"


def test_a_subject_that_answers_once_and_then_raises_is_no_error() -> None:
    calls = []

    def answering_once(x: Array, axis: int = -1) -> Array:
        calls.append(x)
        if len(calls) > 1:
            raise ValueError("once only")
        return x * 0

    assert cause_of(answering_once, "accuracy", row(1.0)) == "unknown"


def test_a_diagnosis_is_the_same_every_time() -> None:
    assert len({cause_of(through_logsumexp, "accuracy", row(10000.0, 9999.0)) for _ in range(5)}) == 1


def test_a_row_of_131072_is_diagnosed_in_a_few_calls_on_rows_as_long() -> None:
    long = []

    def counting(x: Array, axis: int = -1) -> Array:
        long.append(x.shape[axis] > 10000)
        return no_shift(x, axis)

    x = np.zeros((1, 2**17), np.float32)
    x[0, 5] = 100.0
    assert cause_of(counting, "accuracy", {"x": x}) == "exp overflow"
    assert sum(long) < 8


def doubled(view: View) -> tuple[Any, Any]:
    """The output is twice the input."""
    return view.error(abs(view.out - view.exact)), view.error_bound


DOUBLING = Role(
    name="doubling",
    call="f(x)",
    value="2 x",
    truth=lambda arguments, arithmetic: Truth(arithmetic.lift(arguments["x"]) * 2.0),
    error_bound=lambda view: abs(view.exact) * view.fmt.unit_roundoff,
    properties=(Property("doubled", "ZZ101", doubled, unit="value"),),
    regimes=PLAIN,
)


def of_doubling(function: Callable[..., Array], prop: Property, x: Array) -> str:
    experiment = Experiment(Call(Subject("it", "doubling", function, axis=None)), DOUBLING, prop, FORMATS["float32"])
    return diagnose(experiment, Case({"x": x}), Decision(True))


def test_of_a_role_that_computes_no_softmax_only_what_makes_sense_is_claimed() -> None:
    purity = role_named("softmax").property_named("purity")
    assert purity is not None
    x = np.array([[100.0, -100.0]], np.float32)
    assert of_doubling(lambda x: x * x, DOUBLING.properties[0], x) == "unknown"
    assert of_doubling(lambda x: x * 3, DOUBLING.properties[0], x) == "wrong factor"
    assert of_doubling(lambda x: x * -2, DOUBLING.properties[0], x) == "wrong sign"
    assert of_doubling(lambda x: np.multiply(x, 2, out=x), purity, x) == "input mutated"
    two_rows = np.array([[100.0, -100.0], [3.0, 4.0]], np.float32)
    assert of_doubling(lambda x: x * 2 + x.sum() * 0 + x[::-1], DOUBLING.properties[0], two_rows) == "wrong axis"


def test_a_role_whose_truth_fails_is_no_error() -> None:
    def broken(arguments: Any, arithmetic: Any) -> Truth:
        raise RuntimeError("no truth")

    role = Role("broken", "f(x)", "?", broken, lambda view: 0.0, DOUBLING.properties)
    experiment = Experiment(
        Call(Subject("it", "broken", np.negative, axis=None)), role, DOUBLING.properties[0], FORMATS["float32"]
    )
    assert diagnose(experiment, Case({"x": np.ones((1, 2), np.float32)}), Decision(True)) == "unknown"
