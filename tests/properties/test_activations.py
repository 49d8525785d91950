"""The entrywise roles: forms in common use are held with their grade, and a bound covers no wrong answer far out."""

from __future__ import annotations

from collections.abc import Callable

import flint
import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import Settings
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.laws.entry_underflow import Tail, normal_edge
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import role_named, roles
from extremum.properties.steps.decide import Decision, decide, exceeded, screen
from extremum.properties.values.case import Case
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array
from extremum.reference.arithmetic.wide import (
    BALLS,
    DOUBLE_DOUBLE,
    EXTENDED,
    FLOAT64,
    HAS_X87,
    Arithmetic,
    screen_arithmetic,
)
from extremum.reference.sigmoid import careful_sigmoid
from extremum.reference.subjects.subject import Subject, named, subjects
from extremum.reference.truth import logistic

QUICK = Settings(examples=0, seed=1, effort=EFFORTS["quick"])
GRADES = {
    "sigmoid": {
        "naive_sigmoid": "lost where exp overflows",
        "careful_sigmoid": "full",
        "tanh_sigmoid": "absolute",
        "logarithmic_sigmoid": "conditioned",
        "wide_sigmoid": "full",
    },
    "tanh": {
        "naive_tanh": "absolute",
        "careful_tanh": "full",
        "library_tanh": "full",
        "sigmoid_tanh": "absolute",
        "wide_tanh": "full",
    },
    "softplus": {
        "naive_softplus": "absolute",
        "careful_softplus": "full",
        "logaddexp_softplus": "full",
        "threshold_softplus": "full",
        "wide_softplus": "full",
    },
    "log_sigmoid": {
        "naive_log_sigmoid": "absolute",
        "careful_log_sigmoid": "full",
        "logaddexp_log_sigmoid": "full",
        "log_sigmoid_of_sigmoid": "absolute",
        "wide_log_sigmoid": "full",
    },
    "silu": {
        "naive_silu": "lost where exp overflows",
        "careful_silu": "full",
        "tanh_silu": "absolute",
        "logarithmic_silu": "conditioned",
        "wide_silu": "full",
    },
    "sigmoid_vjp": {"naive_sigmoid_vjp": "absolute", "careful_sigmoid_vjp": "full", "wide_sigmoid_vjp": "full"},
    "tanh_vjp": {
        "naive_tanh_vjp": "absolute",
        "careful_tanh_vjp": "full",
        "cosh_tanh_vjp": "lost where exp overflows",
        "wide_tanh_vjp": "full",
    },
    "softplus_vjp": {
        "naive_softplus_vjp": "lost where exp overflows",
        "careful_softplus_vjp": "full",
        "saved_softplus_vjp": "absolute",
        "wide_softplus_vjp": "full",
    },
    "log_sigmoid_vjp": {
        "naive_log_sigmoid_vjp": "lost where exp overflows",
        "careful_log_sigmoid_vjp": "full",
        "saved_log_sigmoid_vjp": "absolute",
        "wide_log_sigmoid_vjp": "full",
    },
    "silu_vjp": {"naive_silu_vjp": "lost where exp overflows", "careful_silu_vjp": "full", "wide_silu_vjp": "full"},
    "gelu_vjp": {"naive_gelu_vjp": "absolute", "careful_gelu_vjp": "full", "wide_gelu_vjp": "full"},
    "gelu_tanh_vjp": {
        "naive_gelu_tanh_vjp": "absolute",
        "clipped_gelu_tanh_vjp": "absolute",
        "careful_gelu_tanh_vjp": "full",
        "wide_gelu_tanh_vjp": "full",
    },
    "bce_with_logits": {
        "naive_bce_with_logits": "absolute",
        "usual_bce_with_logits": "full",
        "careful_bce_with_logits": "full",
        "difference_bce_with_logits": "absolute",
        "wide_bce_with_logits": "full",
    },
    "bce_with_logits_gradient": {
        "naive_bce_with_logits_gradient": "absolute",
        "careful_bce_with_logits_gradient": "full",
        "wide_bce_with_logits_gradient": "full",
    },
    "gelu": {"naive_gelu": "absolute", "careful_gelu": "conditioned", "wide_gelu": "full"},
    "gelu_tanh": {"naive_gelu_tanh": "absolute", "careful_gelu_tanh": "conditioned", "wide_gelu_tanh": "full"},
}
OTHERS = [1.0, 0.5, 0.0, 1.0, 0.25, 2.0**-9, 0.75]  # cotangents, and targets
ENTRYWISE = [role for role in roles().values() if role.entrywise]
FORMS = [(role, name) for role, forms in GRADES.items() for name in forms]


def judged(subject: Subject, name: str, dtype: str) -> Cell:
    role = role_named(subject.role)
    prop = role.property_named(name)
    assert prop is not None
    return judge_cell(subject, role, prop, dtype, QUICK)


def decided(function: Callable[..., Array], role: str, name: str, dtype: str, **arguments: float) -> Decision:
    found = role_named(role)
    prop, fmt = found.property_named(name), FORMATS[dtype]
    assert prop is not None
    experiment = Experiment(Call(Subject("it", role, function, axis=None), found.signature), found, prop, fmt)
    with quiet():
        return decide(experiment, Case({x: fmt.round(np.full((1, 2), v)) for x, v in arguments.items()}), final=True)


def test_every_reference_of_an_entrywise_role_has_its_grade_here() -> None:
    known = {role.name: {s.name for s in subjects(role.name, "reference")} for role in ENTRYWISE}
    assert {role: set(forms) for role, forms in GRADES.items()} == known


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("role", "name"), FORMS, ids=[name for _, name in FORMS])
def test_a_form_in_common_use_has_its_grade_over_every_number_of_sixteen_bits(role: str, name: str, dtype: str) -> None:
    fmt, found, (subject,) = FORMATS[dtype], role_named(role), named(name, role)
    top, prop = fmt.largest_ordinal, found.property_named("accuracy")
    x = np.resize(fmt.from_ordinal(np.arange(-top, top + 1)), (2 * top // 127 + 1, 127))
    arguments = {"x": x} | {other: fmt.round(np.resize(OTHERS, x.shape)) for other in list(found.signature.inputs)[1:]}
    assert prop is not None
    with quiet():
        out = Call(subject, found.signature).rows(arguments)
        view = View(found, fmt, Observation(arguments, out), screen_arithmetic(fmt))
        measured, _, ratio = screen(view, prop)
        grade = prop.grade_of(exceeded(view, prop, measured) - {list(prop.grades)[-1]})
        # In bfloat16 a rounded exponent costs as much as an exp that overflows.
        assert dtype == "bfloat16" or grade == GRADES[role][name]
        assert bool((ratio > 1).any()) is subject.must_fail("accuracy", dtype)


def test_a_flush_is_gradual_underflow_and_what_overflow_loses_is_not() -> None:
    def flushing(x: Array) -> Array:
        y = careful_sigmoid(x)
        return np.where(y < np.finfo(x.dtype).tiny, 0, y).astype(x.dtype)

    cell = judged(Subject("it", "sigmoid", flushing, axis=None), "gradual_underflow", "float32")
    assert (cell.verdict, cell.severity) == ("refuted", "low")
    for name in ("naive_sigmoid", "tanh_sigmoid"):
        (subject,) = named(name, "sigmoid")
        assert judged(subject, "gradual_underflow", "float32").verdict == "held"


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
@pytest.mark.parametrize("role", ENTRYWISE, ids=lambda role: role.name)
def test_no_bound_grows_with_x_beyond_the_value(role: Role, dtype: str) -> None:
    """A few roundings of the value or of 1 are allowed whatever x is; overflow loses 4 abs(x) / max at most."""
    fmt = FORMATS[dtype]
    x = fmt.round(np.array([[-fmt.max, -1e4, -200.0, -3.0, -0.5, 0.5, 3.0, 200.0, 1e4, fmt.max]]))
    others = {name: fmt.round(np.full(x.shape, 0.25)) for name in list(role.signature.inputs)[1:]}
    view = View(role, fmt, Observation({"x": x, **others}, x), screen_arithmetic(fmt))
    with quiet():
        size, bound = np.maximum(np.abs(view.narrow(view.exact)), 1.0), view.narrow(view.error_bound)
    lost = np.abs(x.astype(np.float64)) / fmt.max * 4 + 5e3 * fmt.eta
    assert (bound <= 32 * fmt.unit_roundoff * size + lost).all()


def test_a_tail_ends_where_its_value_is_a_small_normal() -> None:
    place, value = normal_edge(Tail(logistic.silu, -2.0, -1e4), "float32")
    assert place == pytest.approx(-91.4, abs=0.1)
    assert value / FORMATS["float32"].tiny == pytest.approx(1.5, rel=1e-4)


SCREENS = [(FLOAT64, 49), (DOUBLE_DOUBLE, 84), *([(EXTENDED, 60)] if HAS_X87 else [])]


@pytest.mark.parametrize(("arithmetic", "bits"), SCREENS, ids=[str(bits) for _, bits in SCREENS])
def test_a_function_of_an_arithmetic_is_as_accurate_as_it_says(arithmetic: Arithmetic, bits: int) -> None:
    rng = np.random.default_rng(0)
    x = np.r_[0.0, np.geomspace(1e-30, 25, 200), rng.uniform(0, 25, 200)].astype(np.float32).astype(np.float64)
    with flint.ctx.workprec(256):
        for name, values in (("bell", x), ("mills", x), ("expm1", -x), ("log1p", np.exp(-x))):
            got = getattr(arithmetic, name)(arithmetic.lift(values))
            true = getattr(BALLS, name)(BALLS.lift(values))
            for one, exact in zip(exactly(got), true, strict=True):
                assert bool(abs(one - exact) <= abs(exact) * 2.0**-bits), (name, exact)


def exactly(values: object) -> list[flint.arb]:
    """Values of an arithmetic as balls, without error."""
    high = values.high if hasattr(values, "high") else np.asarray(values, np.float64)
    low = values.low if hasattr(values, "low") else np.asarray(values - high, np.float64)  # type: ignore[operator]
    return [flint.arb(a) + flint.arb(b) for a, b in zip(high.tolist(), low.tolist(), strict=True)]


def test_the_ratio_of_mills_is_enclosed_as_far_as_numbers_go() -> None:
    with flint.ctx.workprec(128):
        for v in (900.0, 1100.0, 1e30, 1e308):
            (ball,) = BALLS.mills(BALLS.lift(np.array([v])))
            assert bool(abs(ball * v - 1) <= 2 / flint.arb(v) ** 2 + 2.0**-100)


def test_an_answer_of_the_wrong_size_far_out_is_refuted() -> None:
    """Where a tanh is -1, an absolute bound that is multiplied by x would let anything pass."""
    assert decided(lambda x: x * np.float32(1e-9), "silu", "accuracy", "float32", x=-1e30).refuted
    assert not decided(lambda x: -0 * x, "silu", "accuracy", "float32", x=-50.0).refuted
