"""What is no finding and no accident: small components that keep their digits or not, and errors of one side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import exceeded, screen
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import Array, format_of
from extremum.reference.arithmetic.wide import BALLS, screen_arithmetic
from extremum.reference.softmax import wide
from extremum.reference.softmax_vjp import centred_vjp
from extremum.reference.subjects.subject import Subject

VJP = role_named("softmax_vjp")
KEEPS = "keeps the digits of small components"


def of_others(x: Array, g: Array) -> Array:
    """s_j times the sum of s_i (g_j - g_i), in a wider format."""
    kind: Any = np.float64 if x.dtype == np.float32 else np.longdouble
    e = np.exp(x.astype(kind) - x.astype(kind).max())
    s, h = e / e.sum(), g.astype(kind)
    return np.asarray(s * ((h[:, None] - h) @ s)).astype(x.dtype)


def judged(role: str, function: Callable[..., Any], dtype: str, longest: int = 129) -> Cell:
    known = role_named(role)
    short = replace(known, longest=longest)
    found = known.property_named("accuracy")
    assert found is not None
    axis = "axis" if known.signature.batched else None
    return judge_cell(Subject("it", role, function, axis=axis), short, found, dtype, Settings(examples=2, timeout=None))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_vjp_that_keeps_the_digits_of_small_components_has_the_better_grade(dtype: str) -> None:
    assert [(c.verdict, c.grade) for c in (judged("softmax_vjp", f, dtype) for f in (of_others, centred_vjp))] == [
        ("held", KEEPS),
        ("held", "absolute bound"),
    ]


@pytest.mark.parametrize("got", [0.0, 5.6e-17])
def test_a_component_that_is_lost_beside_a_large_one_is_a_grade(got: float) -> None:
    found, fmt = VJP.property_named("accuracy"), format_of("float64")
    assert found is not None
    x, g = np.array([[37.43, 0.0]]), np.array([[1.0, 0.0]])
    exact = float(VJP.truth({"x": x, "g": g}, BALLS).exact()[0, 0].mid())
    assert exact == pytest.approx(5.6e-17, rel=0.01)
    out = np.array([[got and exact, -exact]])
    view = View(VJP, fmt, Observation({"x": x, "g": g}, out), screen_arithmetic(fmt))
    measured, _, ratio = screen(view, found)
    assert ratio.max() < 1
    assert (KEEPS in exceeded(view, found, measured)) is (got == 0.0)


def truncated(x: Array, axis: int = -1) -> Array:
    bits = wide(x.astype(np.float32), axis).view(np.uint32) >> np.uint32(16)
    return bits.astype(np.uint16).view(ml_dtypes.bfloat16)


def test_an_error_that_is_always_down_is_shown_as_bias_with_its_rows() -> None:
    cell = judged("softmax", truncated, "bfloat16")
    assert cell.verdict == "held"
    assert "its errors have one side, towards zero: 0." in cell.detail
    assert "rows" in cell.detail


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_errors_to_nearest_have_no_bias(dtype: str) -> None:
    assert judged("softmax", wide, dtype).detail == ""
