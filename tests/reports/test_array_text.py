"""Arrays in scripts and tests are those of the record, bit for bit."""

from __future__ import annotations

from typing import Any

import ml_dtypes  # noqa: F401  (registers its dtypes)
import numpy as np
import pytest

from extremum.properties.values.case import Case, encode
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.views.array_text import array_text, number_text


def evaluated(text: str) -> Any:
    import base64
    import zlib

    return eval(text, {"np": np, "base64": base64, "zlib": zlib})  # our own text


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("kind", ["short", "long", "equal", "repeated", "special"])
def test_an_array_is_given_again_to_the_bit(dtype: str, kind: str) -> None:
    rng = np.random.default_rng(0)
    shapes = {"short": (2, 3), "long": (3, 99), "equal": (2, 500), "repeated": (60, 4), "special": (1, 4)}
    a = rng.normal(size=shapes[kind])
    if kind == "equal":
        a[...] = 1.25
    if kind == "repeated":
        a = np.resize(a[:7], a.shape)
    if kind == "special":
        a[0] = [np.nan, -0.0, 1e-7, -np.inf if FORMATS[dtype].has_infinity else 2.0]
    array = FORMATS[dtype].round(a)
    text = array_text(array, encode(Case({"x": array}))["x"])
    again = evaluated(text)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert again.tobytes() == array.tobytes() or kind == "special"
    assert np.array_equal(again.astype(float), array.astype(float), equal_nan=True)
    assert again.flags.writeable
    assert kind != "repeated" or "np.resize" in text


@pytest.mark.parametrize("dtype", FORMATS)
def test_a_number_is_given_again(dtype: str) -> None:
    assert number_text(np.asarray(3, np.int64)) == "3"
    number = FORMATS[dtype].round(np.asarray(0.1))
    assert float(evaluated(number_text(number))) == float(number)
