from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.draw import Sampled
from extremum.properties.inputs.effort import QUICK
from extremum.properties.model.role import Role
from extremum.properties.roles.formula import formula, name_of, options_of, written
from extremum.properties.roles.registry import place_of, role_named
from extremum.properties.values.finding import Cell
from extremum.properties.values.signature import first
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.arithmetic.wide import FLOAT64
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject

FEW = Settings(effort=QUICK, examples=10, regimes=("ordinary", "any-finite", "one-dominant"))


def judged(role: Role, prop: str, dtype: str, function: Callable[..., Any]) -> Cell:
    property_ = role.property_named(prop)
    assert property_ is not None

    def quietly(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    return judge_cell(Subject("mine", role.name, quietly, axis=None), role_named(role.name), property_, dtype, FEW)


@pytest.mark.parametrize(
    ("text", "prop", "dtype", "function"),
    [
        ("log(cosh(x))", "finite", "float32", lambda x: np.log(np.cosh(x))),
        ("exp(-x*x)", "finite", "float16", lambda x: 1 / np.exp(x * x) - 0 * np.exp(x * x)),
        ("log1p(x)", "accuracy", "float64", lambda x: np.log(1 + x)),
        ("expm1(x)", "accuracy", "float32", lambda x: np.exp(x) - 1),
        ("x*x", "accuracy", "bfloat16", lambda x: x * x * x.dtype.type(1.05)),
        ("sqrt(x)", "accuracy", "float32", lambda x: np.where(x > 1e30, -np.sqrt(x), np.sqrt(x))),
        ("tanh(x)", "accuracy", "float64", lambda x: np.tanh(x.astype(np.float32)).astype(x.dtype)),
    ],
)
def test_a_planted_defect_is_refuted(text: str, prop: str, dtype: str, function: Callable[..., Any]) -> None:
    assert judged(formula(text), prop, dtype, function).verdict == "refuted"


@pytest.mark.parametrize(
    ("text", "dtype", "function", "grade"),
    [
        ("log(cosh(x))", "bfloat16", lambda x: np.log(np.cosh(x)), "conditioned"),
        ("1/(1 + exp(-x))", "float32", lambda x: 1 / (1 + np.exp(-x)), "conditioned"),
        ("sqrt(x)", "float32", np.sqrt, "full"),
        ("x**3", "float64", lambda x: x * x * x, "full"),
    ],
)
def test_a_sound_form_is_held_with_its_grade(text: str, dtype: str, function: Callable[..., Any], grade: str) -> None:
    cell = judged(formula(text), "accuracy", dtype, function)
    assert (cell.verdict, cell.grade) == ("held", grade)


def test_ulps_are_all_that_is_allowed() -> None:
    held = judged(formula("x*x", ulps=0.5), "accuracy", "float32", lambda x: x * x)
    assert (held.verdict, held.allowed, held.grade) == ("held", 0.5, "")
    assert judged(formula("x*x", ulps=0.5), "accuracy", "float32", lambda x: x * x.dtype.type(1) * x * 3 / 3).found
    # The screen of x - sin(x) in float64 cancels: balls decide.
    assert judged(formula("x - sin(x)", ulps=4), "accuracy", "float32", lambda x: x - np.sin(x)).verdict == "refuted"


def test_two_variables_are_two_arguments() -> None:
    role = formula("x*y + 1")
    assert list(role.signature.inputs) == ["x", "y"]
    assert judged(role, "accuracy", "float32", lambda x, y: x * y + 1).verdict == "held"
    assert judged(role, "accuracy", "float32", lambda x, y: x * y - 1).verdict == "refuted"


@pytest.mark.parametrize(("text", "ulps"), [("x*erf(x)", None), ("x - 1", None), ("x", 0.5), ("log(x)/0.1", 4.0)])
def test_a_role_is_found_by_its_name_alone(text: str, ulps: float | None) -> None:
    role = formula(text, ulps)
    again = role_named(place_of(role))
    assert again.name == role.name
    assert written(role.name) == (role.value if "(" in text else f"({text})", ulps)
    assert options_of(role.name)[:2] == ["--formula", role.name.split(" within")[0]]


def test_a_name_of_another_role_is_no_formula() -> None:
    assert written("softmax_vjp") is None
    assert options_of("softmax") == ["--role", "softmax"]
    assert name_of(" x * erf( x ) ", 4) == "x * erf( x ) within 4 ulps"


@pytest.mark.parametrize("ulps", [0, -1, np.inf, np.nan, "4", True])
def test_ulps_are_a_positive_number(ulps: Any) -> None:
    with pytest.raises(UsageError, match="positive number of units in the last place"):
        formula("x", ulps)


def test_a_formula_without_any_value_is_refused() -> None:
    with pytest.raises(UsageError, match="has no value for any number"):
        formula("log(-1 - x*x)")


@pytest.mark.parametrize("text", ["log(x)", "asin(x)", "acosh(x)", "sqrt(1 - x*x)", "log(x*y)", "sqrt(x - 100)"])
def test_what_is_asked_has_a_value_and_spreads_over_the_domain(text: str) -> None:
    role, fmt = formula(text), FORMATS["float32"]
    asked = []
    for regime in role.regimes:
        arguments = role.arguments(Sampled(np.random.default_rng(0), fmt, 4, 16), regime)
        assert all(np.isfinite(a).all() for a in arguments.values())
        asked.append(role.truth(arguments, FLOAT64).parts.at(slice(None)).asked.mean())
    assert np.mean(asked) > 0.8
    drawn = role.arguments(Sampled(np.random.default_rng(0), fmt, 4, 64), role.plain)
    assert len(np.unique(first(drawn))) > 100 or text == "sqrt(x - 100)"  # which ordinary numbers are far from
