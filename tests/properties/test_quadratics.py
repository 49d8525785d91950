"""What the gradients of quadratics must tell apart, at named inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import Settings
from extremum.properties.inputs.draw import Sampled
from extremum.properties.model.role import Experiment
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import Decision, decide
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array
from extremum.reference.arithmetic.wide import DOUBLE_DOUBLE, EXTENDED, FLOAT64, HAS_X87, RATIONALS, Arithmetic
from extremum.reference.quadratic_form_gradient import symmetrised_form
from extremum.reference.subjects.subject import Subject, named, subjects

FORM, LEAST = "quadratic_form_gradient", "least_squares_gradient"
QUADRATICS = (FORM, "squared_norm_gradient", LEAST)


def decided(subject: str | Callable[..., Any], role: str, prop: str, dtype: str, **arguments: Any) -> Decision:
    found = named(subject, role)[0] if isinstance(subject, str) else Subject("it", role, subject)
    property_ = role_named(role).property_named(prop)
    assert property_ is not None
    experiment = Experiment(Call(found, role_named(role).signature), role_named(role), property_, FORMATS[dtype])
    rows = {name: FORMATS[dtype].round([a]) for name, a in arguments.items()}
    with quiet():
        return decide(experiment, Case(rows), final=True)


@pytest.mark.parametrize("role", QUADRATICS)
@pytest.mark.parametrize("arithmetic", [FLOAT64, DOUBLE_DOUBLE, *([EXTENDED] if HAS_X87 else [])], ids=type)
def test_the_truth_is_the_same_in_every_arithmetic(role: str, arithmetic: Arithmetic) -> None:
    found = role_named(role)
    arguments = found.ordinary(FORMATS["float32"], 5, 3)
    exact = RATIONALS.narrow(found.truth(arguments, RATIONALS).exact())
    np.testing.assert_allclose(arithmetic.narrow(found.truth(arguments, arithmetic).exact()), exact, rtol=1e-12)


def test_rationals_are_exact_and_round_correctly() -> None:
    values = np.array([0.1, -5e-324, 1.7e308])
    lifted = RATIONALS.lift(values)
    assert RATIONALS.narrow(lifted).tolist() == values.tolist()
    assert RATIONALS.narrow(lifted * flint.fmpq(10) ** 400).tolist()[::2] == [np.inf, np.inf]
    assert lifted[0] * 10 != 1


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_a_symmetrised_form_of_a_skew_matrix_is_exactly_zero_and_has_that_grade(dtype: str) -> None:
    role = role_named(FORM)
    fmt = FORMATS[dtype]
    draw = Sampled(np.random.default_rng(3), fmt, 4, 9, 9)
    regime = role.regime_named("skew")
    assert regime is not None
    arguments = role.arguments(draw, regime)
    for r in range(4):
        assert (symmetrised_form(arguments["A"][r], arguments["x"][r]) == 0).all()
    prop = role.property_named("skew")
    assert prop is not None
    assert judge_cell(named("symmetrised_form", None)[0], role, prop, dtype, Settings()).grade == "symmetrised"
    if dtype in ("float64", "float32"):  # in 16 bits what is left of two products in float32 is below any grade
        assert judge_cell(named("two_products_form", None)[0], role, prop, dtype, Settings()).grade == "two products"


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_exactness_on_integers_is_a_grade(dtype: str) -> None:
    A, x, v = [[1.0, 2.0], [0.0, -1.0]], [1.0, 1.0], [1.0, -2.0]

    def an_ulp_off(A: Array, x: Array) -> Array:
        y = symmetrised_form(A, x)
        y[:1] = np.where(np.isfinite(y[:1]), FORMATS[dtype].step(y[:1], 1), y[:1])
        return y

    given = {"A": A, "x": x, "v": v, "h": 0.5}
    assert not decided("symmetrised_form", FORM, "identity", dtype, **given).refuted
    assert not decided(an_ulp_off, FORM, "identity", dtype, **given).refuted
    for function, grade in ((symmetrised_form, "exact on integers"), (an_ulp_off, "within the error bound")):
        for name in ("identity", "linear_in_A", "linear_in_x", "hessian_symmetric"):
            prop = role_named(FORM).property_named(name)
            assert prop is not None
            cell = judge_cell(Subject("it", FORM, function), role_named(FORM), prop, dtype, Settings(examples=0))
            assert (cell.verdict, cell.grade) == ("held", grade), name


@pytest.mark.parametrize("h", [1.0, 2.0**-10, 2.0**10])
def test_the_quotient_of_a_quadratic_is_its_derivative_for_every_step(h: float) -> None:
    given = {"A": [[0.1, 2.0], [3.0, 0.7]], "x": [0.3, -4.0], "v": [1.0, 5.0], "h": h}
    assert not decided("two_products_form", FORM, "identity", "float64", **given).refuted
    assert decided("twice_the_product", FORM, "identity", "float64", **given).refuted


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_an_answer_is_refuted_just_beyond_what_is_allowed(dtype: str) -> None:
    fmt = FORMATS[dtype]
    A, x = np.array([[1.0, 0.5], [0.25, 2.0]]), np.array([1.0, 1.0])

    def off_by(k: int) -> Callable[[Array, Array], Array]:
        return lambda A, x: fmt.step(symmetrised_form(A, x), k)

    decisions = [decided(off_by(k), FORM, "accuracy", dtype, A=A, x=x) for k in range(30)]
    assert [d.refuted for d in decisions] == [d.measured > d.allowed for d in decisions]
    assert any(d.refuted for d in decisions)
    assert {d.certified for d in decisions if d.refuted} == {"rational arithmetic"}


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
@pytest.mark.parametrize("n", [8, 64, 400])
def test_forgotten_factors_and_transposes_are_refuted_at_every_size(n: int, dtype: str) -> None:
    rng = np.random.default_rng(n)
    A, x = rng.normal(size=(n, n)), rng.normal(size=n)
    for mutant in ("twice_the_product", "product_alone", "half_the_form", "upper_triangle_alone", "form_negated"):
        assert decided(mutant, FORM, "accuracy", dtype, A=A, x=x).refuted, mutant
    for sound in subjects(FORM, "reference"):
        assert not decided(sound.name, FORM, "accuracy", dtype, A=A, x=x).refuted, sound.name


@pytest.mark.slow
def test_a_matrix_of_4096_rows_is_judged() -> None:
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(4096, 4096)).astype(np.float32), rng.normal(size=4096).astype(np.float32)

    def one_entry_off(A: Array, x: Array) -> Array:
        y = symmetrised_form(A, x)
        y[4000] *= np.float32(1.5)
        return y

    assert not decided("symmetrised_form", FORM, "accuracy", "float32", A=A, x=x).refuted
    found = decided(one_entry_off, FORM, "accuracy", "float32", A=A, x=x)
    assert (found.refuted, found.column) == (True, 4000)


def test_an_overflow_on_the_way_is_excused_and_one_without_need_is_not() -> None:
    top = FORMATS["float32"].max
    excused = {"A": [[top, -top], [0.0, 0.0]], "x": [0.5, 0.5]}
    assert not decided("symmetrised_form", FORM, "finite", "float32", **excused).refuted
    assert not decided(lambda A, x: x * np.float32(np.nan), FORM, "finite", "float32", **excused).refuted
    plain = {"A": [[1.0, 0.0], [0.0, 1.0]], "x": [1.0, 2.0]}
    assert decided(lambda A, x: x * np.float32(np.nan), FORM, "finite", "float32", **plain).refuted
    assert decided(lambda A, x: x * np.float32(np.nan), FORM, "accuracy", "float32", **plain).refuted


def test_the_gram_matrix_loses_what_the_residual_keeps() -> None:
    role = role_named(LEAST)
    rng = np.random.default_rng(1)
    B, x = rng.uniform(1, 2, (1, 1024, 2)), np.array([[1.0, 1.0]])
    c = np.einsum("rmn,rn->rm", B, x)  # exact but for a rounding: the residual is next to nothing
    arguments = {"B": B, "x": x, "c": c}
    errors = {}
    for name in ("residual_first", "gram_least_squares"):
        out = Call(named(name, None)[0], role.signature).rows(arguments)
        view = View(role, FORMATS["float64"], Observation(arguments, out), RATIONALS)
        errors[name] = RATIONALS.narrow(abs(view.out - view.exact)).max()
        assert (errors[name] <= RATIONALS.narrow(view.error_bound)).all()
    assert errors["gram_least_squares"] > 8 * errors["residual_first"]


@pytest.mark.parametrize("role", QUADRATICS)
@pytest.mark.parametrize(
    "answer",
    [
        lambda *a: float(a[1].sum()),
        lambda *a: np.array([object()] * len(a[1])),
        lambda *a: a[1][:, None] * a[1],
        lambda *a: a[1][:1] if len(a[1]) > 1 else a[1][:0],
        lambda *a: 1 / 0,
        lambda *a: None,
    ],
)
def test_what_is_no_gradient_is_a_finding_and_not_broadcast(role: str, answer: Callable[..., Any]) -> None:
    found = role_named(role)
    for prop in ("accuracy", "shape"):
        property_ = found.property_named(prop)
        assert property_ is not None
        cell = judge_cell(Subject("it", role, answer), found, property_, "float32", Settings(examples=2))
        assert cell.verdict == "refuted"
        assert cell.detail
