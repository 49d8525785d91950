from __future__ import annotations

from collections.abc import Callable
from math import erf, gamma
from typing import Any

import flint
import numpy as np
import pytest

from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array, Format
from extremum.reference.arithmetic.wide import BALLS, DOUBLE_DOUBLE, FLOAT64, Arithmetic, screen_arithmetic
from extremum.reference.errors import UsageError
from extremum.reference.truth.expressions import parsed

erfs = np.vectorize(erf, otypes=[np.float64])


def entry_by_entry(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A function of float64 arrays, rounded once to the dtype that comes in."""
    return lambda x: function(x.astype(np.float64)).astype(x.dtype)


# As a user writes it in NumPy, every operation in the dtype of x.
AS_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "x*erf(x)": lambda x: x * entry_by_entry(erfs)(x),
    "log(1 + x)": lambda x: np.log(1 + x),
    "log1p(x)": np.log1p,
    "1/(1 + exp(-x))": lambda x: 1 / (1 + np.exp(-x)),
    "x - sin(x)": lambda x: x - np.sin(x),
    "cos(x) - 1": lambda x: np.cos(x) - 1,
    "tan(x)": np.tan,
    "sqrt(x*x + 1)": lambda x: np.sqrt(x * x + 1),
    "sqrt(1 - x*x)": lambda x: np.sqrt(1 - x * x),
    "x**3 - x": lambda x: x * x * x - x,
    "x**-2": lambda x: 1 / (x * x),
    "x**0.5": np.sqrt,
    "2**x": lambda x: np.power(x.dtype.type(2), x),
    "exp(x) - 1": lambda x: np.exp(x) - 1,
    "expm1(x)/x": lambda x: np.expm1(x) / x,
    "0.1*x + pi": lambda x: x.dtype.type(0.1) * x + x.dtype.type(np.pi),
    "acos(x) + asin(x)": lambda x: np.arccos(x) + np.arcsin(x),
    "atan(x)/x": lambda x: np.arctan(x) / x,
    "sinh(x)/cosh(x)": lambda x: np.sinh(x) / np.cosh(x),
    "tanh(x)": np.tanh,
    "asinh(x)": np.arcsinh,
    "acosh(x)": np.arccosh,
    "atanh(x)": np.arctanh,
    "max(x, 0) + log1p(exp(-abs(x)))": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-abs(x))),
    "min(x, 1)*gamma(2)": lambda x: np.minimum(x, 1) * x.dtype.type(gamma(2)),
}


def numbers(fmt: Format, count: int, seed: int = 0) -> Array:
    """Of every magnitude, near 0 and 1, and ordinary ones, shape (count, 8)."""
    rng, shape = np.random.default_rng(seed), (count, 2)
    top = fmt.largest_ordinal
    parts = [
        fmt.from_ordinal(rng.integers(-top, top, shape)),
        fmt.round(rng.uniform(-10, 10, shape)),
        fmt.round(rng.uniform(-1, 1, shape)),
        fmt.step(rng.choice([-1.0, 1.0, 2.0, 0.0], shape), rng.integers(-3, 4, shape)),
    ]
    return np.concatenate(parts, axis=1)


def beside(exact: Any, answer: Array) -> Array:
    """The distance of an answer from balls, as float64."""
    pairs = zip(exact.ravel().tolist(), answer.astype(np.float64).ravel().tolist(), strict=True)
    return np.array([float(abs(ball - v).upper()) if np.isfinite(v) else np.inf for ball, v in pairs])


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
@pytest.mark.parametrize("text", AS_WRITTEN)
def test_an_evaluation_as_written_is_off_by_no_more_than_its_error_says(text: str, dtype: str) -> None:
    fmt = FORMATS[dtype]
    x = numbers(fmt, 40)
    with np.errstate(all="ignore"):
        answer = np.asarray(AS_WRITTEN[text](x))
    assert answer.dtype == fmt.dtype
    with flint.ctx.workprec(256):
        entries = parsed(text).truth({"x": x}, BALLS).parts.at(slice(None))
        error = np.array([float(e.upper()) if e.is_finite() else np.inf for e in entries.error(fmt).ravel().tolist()])
        off = beside(entries.value, answer)
    in_range = np.isfinite(answer.astype(np.float64)).ravel() & entries.asked.ravel()
    assert in_range.sum() > 40
    assert (off <= error)[in_range].all()


@pytest.mark.parametrize(("dtype", "arithmetic"), [("float32", FLOAT64), ("float64", None), ("float64", DOUBLE_DOUBLE)])
@pytest.mark.parametrize(
    "text", [*AS_WRITTEN, "log(cosh(x))", "log(log(x))", "lgamma(x)", "erfc(x)", "x*1e-300*exp(x)"]
)
def test_a_screen_is_off_by_no_more_than_it_says(text: str, dtype: str, arithmetic: Arithmetic | None) -> None:
    fmt = FORMATS[dtype]
    x = numbers(fmt, 12, seed=1)
    screened = parsed(text).truth({"x": x}, arithmetic or screen_arithmetic(fmt)).parts.at(slice(None))
    with flint.ctx.workprec(2048):
        entries = parsed(text).truth({"x": x}, BALLS).parts.at(slice(None))
        value = screened.value
        high, low = (value.high, value.low) if hasattr(value, "high") else (value, 0.0 * value)
        with np.errstate(over="ignore"):
            parts = [np.asarray(a).astype(np.float64) for a in (high, high - high.astype(np.float64), low)]
        sums = [flint.arb(a) + flint.arb(b) + flint.arb(c) for a, b, c in zip(*map(np.ravel, parts), strict=True)]
        exact = entries.value.ravel().tolist()
        beyond = flint.arb(2) ** 1023
        for i in np.flatnonzero(screened.asked.ravel()):
            if abs(exact[i]) < beyond:
                assert abs(exact[i] - sums[i]) <= flint.arb(float(screened.off.flat[i])) * 1.001 + flint.arb(2) ** -1073
    assert (screened.asked == entries.asked).all()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("log(x)", [False, False, True, True]),
        ("sqrt(x)", [False, True, True, True]),
        ("1/x", [True, False, True, True]),
        ("log(x - 1)", [False, False, False, True]),
        ("asin(x)", [True, True, True, False]),
        ("gamma(x)", [False, False, True, True]),
        ("x**0.5", [False, False, True, True]),
        ("x**2", [True, True, True, True]),
        ("log(exp(x))", [True, True, True, True]),
    ],
)
def test_what_has_no_value_is_not_asked(text: str, asked: list[bool]) -> None:
    x = np.array([[-1.0, 0.0, 1.0, 2.0]], np.float32)
    assert parsed(text).truth({"x": x}, FLOAT64).parts.at(slice(None)).asked.tolist() == [asked]


def test_decimals_are_meant_exactly_and_equal_parts_are_one_step() -> None:
    x = np.array([[1.0]])
    with flint.ctx.workprec(256):
        value = parsed("0.1*x - 1/10").truth({"x": x}, BALLS).exact()[0, 0]
        assert abs(value) < flint.arb(2) ** -250
    assert len(parsed("exp(x)*exp(x) + exp(x)").steps) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x*", "is no formula at character 3: valid are numbers, x, y, pi, e"),
        ("x*errf(x)", "'errf' at character 3 is not known: did you mean"),
        ("x.real", "'x.real' at character 1 is not known: valid are"),
        ("__import__('os').system('true')", "at character 1 is not known"),
        ("x if x else 2", "is not known: valid are"),
        ("x^2", "'x^2' at character 1 is not known: valid are numbers, x, y, pi, e, + - * / **"),
        ("exp(x, 2)", "exp takes 1 argument"),
        ("max(*x)", "max takes 2 arguments"),
        ("3*pi", "has no variable x"),
        ("y", "has no variable x"),
        ("1e999*x", "'1e999' at character 1 is not known"),
        ("True*x", "'True' at character 1"),
        ("(" * 300 + "x" + ")" * 300, "has 601 characters: 500 at most"),
        ("", "is no formula"),
    ],
)
def test_a_text_that_is_no_formula_is_told_by_its_place_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parsed(text)
    message = str(raised.value)
    assert message.startswith("formula=")
    assert said in message
    assert "\n" not in message
