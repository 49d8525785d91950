"""A claimed gradient of a user's function: what is proved, what is estimated, and what is not asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flint
import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties.engine import Settings
from extremum.properties.roles.gradient_of.directional import (
    NotEvaluable,
    complex_step,
    enclosure,
    estimated,
    extrapolated,
    quotient,
)
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import resolve
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.jets import Jet, Undecided, jets
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import named
from extremum.reports import audit

M = np.array([[1.0, 2.0], [3.0, -1.0]])
ONE = np.array([1.0])


def cells(df: Callable[..., Any], f: Callable[..., Any], *dtypes: str) -> dict[str, Cell]:
    return {c.property: c for c in audit(df, of=f, dtypes=dtypes or ("float64",), examples=4).cells}


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (np.exp, math.exp(0.5)),
        (np.expm1, math.exp(0.5)),
        (np.log, 2.0),
        (np.log1p, 1 / 1.5),
        (np.log2, 2 / math.log(2)),
        (np.log10, 2 / math.log(10)),
        (np.exp2, math.log(2) * 2**0.5),
        (np.sqrt, 0.5 / math.sqrt(0.5)),
        (np.sin, math.cos(0.5)),
        (np.cos, -math.sin(0.5)),
        (np.tan, 1 / math.cos(0.5) ** 2),
        (np.sinh, math.cosh(0.5)),
        (np.cosh, math.sinh(0.5)),
        (np.tanh, 1 - math.tanh(0.5) ** 2),
        (np.arctan, 0.8),
        (np.arcsin, 1 / math.sqrt(0.75)),
        (np.arccos, -1 / math.sqrt(0.75)),
        (np.arcsinh, 1 / math.sqrt(1.25)),
        (np.abs, 1.0),
        (lambda x: x**-2, -16.0),
        (lambda x: x**1.5, 1.5 * math.sqrt(0.5)),
        (lambda x: 3.0**x, math.log(3) * 3**0.5),
        (lambda x: 1 / (2 - x) - np.square(x) + (-x), 1 / 2.25 - 1 - 1),
        (lambda x: np.where(x > 0, x * x, 0 * x), 1.0),
        (lambda x: np.linalg.norm(x) + np.maximum(x, 0.0), 2.0),
    ],
)
def test_the_derivative_of_each_function_is_enclosed(f: Callable[[Any], Any], slope: float) -> None:
    found = enclosure(lambda x: f(x).sum(), np.array([0.5]), ONE)
    assert abs(float(found.mid()) - slope) <= 1e-14 * abs(slope)


def test_a_kink_is_not_decided_and_a_float_is_not_made() -> None:
    zero = Jet(flint.arb(0), flint.arb(1))
    with pytest.raises(Undecided):
        abs(zero)
    with pytest.raises(TypeError):
        float(zero)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        zero + "1"
    with pytest.raises(TypeError):
        jets([flint.fmpq(1)], [flint.fmpq(0)])[0].exp()


def test_the_quotient_of_a_quadratic_and_the_slope_of_a_cubic_are_exact() -> None:
    x, v = [flint.fmpq(1, 3), flint.fmpq(2)], [flint.fmpq(1), flint.fmpq(-1)]
    assert quotient(lambda z: z @ M @ z, x, v) == 2 * x[0] + 5 * x[1] - (5 * x[0] - 2 * x[1])
    assert quotient(lambda z: (z**3).sum(), x, v) == 3 * x[0] ** 2 - 3 * x[1] ** 2
    with pytest.raises(NotEvaluable):
        quotient(lambda z: np.exp(z).sum(), x, v)


def test_estimates_state_an_error_that_holds_and_kinks_do_not_settle() -> None:
    x = np.array([71.7])
    for found in (
        extrapolated(lambda z: np.sin(z**2).sum(), x, ONE),
        complex_step(lambda z: np.sin(z**2).sum(), x, ONE),
    ):
        assert abs(found.value - 2 * x[0] * math.cos(x[0] ** 2)) <= found.error + 1e-11
    with pytest.raises(NotEvaluable):
        extrapolated(lambda z: np.abs(z).sum(), np.array([0.0]), ONE)
    # A complex abs has no derivative: the differences decide.
    assert estimated(lambda z: np.sum(np.abs(z) ** 3), np.array([2.0]), ONE).method != "complex step"


@pytest.mark.slow
def test_a_formula_of_arithmetic_is_judged_without_a_tolerance() -> None:
    def f(x: Array) -> Any:
        return (x**2).sum() * 3 + x.sum()

    def almost(x: Array) -> Array:
        return x * 6 + 1 + x * 2**-60

    right, wrong = cells(lambda x: x * 6 + 1, f), cells(almost, f)
    assert (right["identity"].verdict, right["derivative"].verdict) == ("held", "held")
    assert (wrong["identity"].verdict, wrong["derivative"].verdict) == ("refuted", "held")
    assert wrong["identity"].simplest is not None
    assert wrong["identity"].simplest.certified == "an exact comparison"


@pytest.mark.slow
def test_constants_that_are_rounded_apart_accuse_nobody() -> None:
    found = cells(lambda x: 0.3 * x**2 + np.pi * 2 * x, lambda x: (0.1 * x**3 + np.pi * x**2).sum())
    assert found["identity"].verdict == "held"


@pytest.mark.slow
def test_what_is_proved_and_what_is_estimated_say_so() -> None:
    def opaque(x: Array) -> float:
        return math.fsum(math.exp(float(v) / 8) for v in x)

    open_, closed = cells(np.exp, lambda x: np.exp(x / 8).sum()), cells(np.exp, opaque)
    assert [open_[p].verdict for p in ("derivative", "estimated")] == ["refuted", "inapplicable"]
    assert [closed[p].verdict for p in ("derivative", "estimated")] == ["inapplicable", "refuted"]
    assert closed["estimated"].severity == "medium"
    assert closed["estimated"].simplest is not None
    assert closed["estimated"].simplest.certified == "an estimate, no proof"


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_sound_gradients_are_not_accused(dtype: str) -> None:
    def f(x: Array) -> Any:
        return np.log(np.sum(np.exp(x - x.max()))) + x.max()

    def softmax(x: Array) -> Array:
        e = np.exp((x - x.max()).astype(np.promote_types(x.dtype, np.float32)))
        return (e / e.sum()).astype(x.dtype)

    assert {c.verdict for c in cells(softmax, f, dtype).values()} <= {"held", "inapplicable"}


SOUND_AT_THE_EXTREMES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "saturates": (lambda x: 1 - np.tanh(x) ** 2, lambda x: np.tanh(x).sum()),
    "overflows with its derivative": (lambda x: 3 * x * x, lambda x: (x**3).sum()),
    "underflows": (lambda x: -1 / x / x, lambda x: (1 / x).sum()),
    "tiny beside what it was": (lambda x: 2 * x / (1 + x * x), lambda x: np.log(1 + x * x).sum()),
    "periodic": (np.cos, lambda x: np.sin(x).sum()),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.log(1 + np.exp(x)).sum()),
    "bell": (lambda x: -2 * x * np.exp(-x * x), lambda x: np.exp(-x * x).sum()),
}


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SOUND_AT_THE_EXTREMES)
def test_a_gradient_in_a_usual_form_is_sound_to_the_ends_of_the_format(name: str, dtype: str) -> None:
    df, f = SOUND_AT_THE_EXTREMES[name]
    assert {c.property for c in cells(df, f, dtype).values() if c.found} <= {"dtype"}  # ml_dtypes: exp of bfloat16


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(
    ("f", "prop"),
    [
        (lambda x: np.log(1 + np.exp(x)).sum(), "finite"),
        (lambda x: np.logaddexp(0, x).sum(), "finite"),
        (lambda x: np.logaddexp(0, x.astype(np.float64)).sum(), "estimated"),
    ],
)
def test_an_exponential_over_itself_and_one_is_nan_for_large_numbers(
    f: Callable[..., Any], prop: str, dtype: str
) -> None:
    found = cells(lambda x: np.exp(x) / (1 + np.exp(x)), f, dtype)
    assert found[prop].verdict == "refuted"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_norm_of_squares_that_overflow_has_no_gradient_of_zero(dtype: str) -> None:
    found = cells(lambda x: x / np.sqrt((x * x).sum()), lambda x: np.sqrt((x * x).sum()), dtype)
    assert found["derivative"].verdict == "refuted"


def test_a_function_of_some_arguments_alone_is_asked_of_those_alone() -> None:
    found = cells(lambda x: 1 / x, lambda x: np.log(x).sum())
    assert found["derivative"].verdict == "held"
    assert found["derivative"].examined > 50
    of_two = cells(lambda x: (M + M.T) @ x, lambda x: x @ M @ x)
    assert (of_two["identity"].verdict, of_two["finite"].verdict) == ("held", "held")


@pytest.mark.parametrize(
    ("spec", "of", "role", "says"),
    [
        ("{mine}:df", "{mine}:g", None, "has no 'g'"),
        ("{mine}:df", "{mine}:f", "softmax", "goes with role gradient_of"),
        ("{mine}:df", None, "gradient_of", "add --of"),
        ("{mine}:df", "{mine}:vector", None, "a scalar value is needed"),
        ("naive", "{mine}:f", None, "are written as"),
    ],
)
def test_what_is_not_valid_is_one_line(tmp_path: Path, spec: str, of: str | None, role: str | None, says: str) -> None:
    mine = tmp_path / "mine_gradients.py"
    mine.write_text("f = lambda x: (x * x).sum()\ndf = lambda x: 2 * x\nvector = lambda x: x\n")
    with pytest.raises(UsageError, match=says):
        resolve(spec.format(mine=mine), role, of.format(mine=mine) if of else None)


@pytest.mark.parametrize("seed", range(3))
def test_a_function_that_is_not_the_same_twice_may_decline_a_part_of_what_it_took(seed: int) -> None:
    role = role_named("gradient_of")
    (subject,) = named("logistic_with_noise", "gradient_of")
    prop = role.property_named("estimated")
    assert prop is not None
    cell = judge_cell(subject, role, prop, "float32", Settings(seed=seed))
    assert cell.verdict in ("held", "refuted", "inapplicable")
