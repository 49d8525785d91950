"""The assertions of a reader's own tests: what they raise, and what their messages say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import extremum
from extremum.reference.errors import UsageError
from extremum.reference.softmax import shifted

PUBLIC = [
    "Judgement",
    "Report",
    "Unsound",
    "__version__",
    "assert_sound",
    "assert_within",
    "audit",
    "extremes",
    "formula",
    "judge",
    "strategies",
]
F32 = np.float32


def overflowing_softmax(x: Any, axis: int = -1) -> Any:
    with np.errstate(all="ignore"):
        e = np.exp(x)
        return e / e.sum(axis=axis, keepdims=True)


def failure(answer: Any, role: str, *arguments: Any, **named: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        extremum.assert_within(answer, role, *arguments, **named)
    assert type(raised.value) is extremum.Unsound
    return str(raised.value)


def test_the_public_names_are_these() -> None:
    assert extremum.__all__ == PUBLIC
    assert dir(extremum) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(extremum, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'assert_near'"):
        extremum.assert_near  # type: ignore[attr-defined]  # noqa: B018


def test_an_import_of_extremum_loads_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys, extremum; print([m for m in ('numpy', 'hypothesis', 'flint', 'pytest') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == "[]"


def test_a_sound_function_passes_and_a_broken_one_raises_its_findings() -> None:
    extremum.assert_sound(shifted, role="softmax", dtypes=["float32"], properties=["finite"], examples=1)
    with pytest.raises(extremum.Unsound) as raised:
        extremum.assert_sound(overflowing_softmax, dtypes=["float32"], properties=["finite"], examples=1)
    assert "exp overflow" in str(raised.value)
    assert "x = [88.72284]" in str(raised.value)


def test_a_test_that_tests_nothing_does_not_pass() -> None:
    with pytest.raises(UsageError, match="finite float32 is incomplete: the budget ended"):
        extremum.assert_sound(shifted, role="softmax", dtypes=["float32"], properties=["finite", "mask"], budget=1e-9)
    with pytest.raises(UsageError, match="mask float8_e4m3fn is inapplicable"):
        extremum.assert_sound(shifted, role="softmax", dtypes=["float8_e4m3fn"], properties=["mask"])


def test_an_answer_within_its_bound_passes() -> None:
    x = np.random.default_rng(0).normal(0, 5, (2, 3, 4)).astype(F32)
    extremum.assert_within(shifted(x, 1), "softmax", x, axis=1)


def test_the_message_names_the_entry_its_exact_value_and_what_is_allowed() -> None:
    x = np.zeros((2, 4), F32)
    answer = np.full((2, 4), 0.25, F32)
    answer[1, 2] = 0.26
    assert failure(answer, "softmax", x).splitlines() == [
        "softmax of float32: 1 of 8 entries is wrong",
        "  worst    at [1, 2]: got 0.2599999905, exact 0.25",
        "  error    3.355e+05 ulp",
        "  allowed  7.005 ulp: what rounding may cost a sound algorithm, n = 4",
        "  more     extremum explain EX105",
    ]


def test_the_message_of_a_number_has_no_place_and_that_of_float64_all_digits() -> None:
    lines = failure(np.float64(0.7), "cross_entropy", np.zeros(2), 1).splitlines()
    assert lines[0] == "cross_entropy of float64: 1 of 1 entries is wrong"
    assert lines[1] == "  worst    got 0.69999999999999996, exact 0.69314718055994529"


@pytest.mark.parametrize(
    ("answer", "x", "said"),
    [
        ([np.nan, 0.5], [0.0, 0.0], "beyond any number"),
        ([1.0, 1e-9], [0.0, -np.inf], "nothing: a sound algorithm rounds nothing here"),
    ],
)
def test_the_message_of_what_is_no_number_or_masked(answer: list[float], x: list[float], said: str) -> None:
    text = failure(np.array(answer, F32), "softmax", np.array(x, F32))
    assert said in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_wrong_shape_or_dtype_fails_in_one_line_that_names_both() -> None:
    text = failure(np.zeros((2, 3)), "softmax", np.zeros((2, 4), F32))
    assert text == "the answer is float64 of shape (2, 3); softmax of these arguments is float32 of shape (2, 4)"


@pytest.mark.parametrize("role", ["quadratic_form_gradient", "cross_entropy_gradient"])
def test_messages_fit_a_terminal_of_80_columns(role: str) -> None:
    n = 257
    x = np.zeros((40, n), F32)
    arguments = (np.ones((n, n), F32), x) if role == "quadratic_form_gradient" else (x, 3)
    text = failure(np.full((40, n), 1 / 3, F32), role, *arguments)
    assert max(map(len, text.splitlines())) <= 80


def test_arguments_that_are_none_are_no_assertion() -> None:
    with pytest.raises(UsageError, match="did you mean 'softmax'"):
        extremum.assert_within(0.5, "sofmax", 1.0)
