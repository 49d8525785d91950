from __future__ import annotations

from collections.abc import Iterator

import flint
import numpy as np
import pytest

from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import roles
from extremum.properties.steps.blocks import _rows
from extremum.reference.arithmetic.double_double import DoubleDouble
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.arithmetic.wide import (
    BALLS,
    DOUBLE_DOUBLE,
    EXTENDED,
    FLOAT64,
    HAS_X87,
    Arithmetic,
    screen_arithmetic,
)

WITH_FORMULA = [role for role in roles().values() if role.name != "gradient_of"]  # whose truth is the user's f
PLAIN = [(role, regime) for role in WITH_FORMULA for regime in role.regimes if not regime.masked]
SCREENS: dict[str, tuple[str, Arithmetic]] = {
    "float32 in float64": ("float32", FLOAT64),
    "float16 in float64": ("float16", FLOAT64),
    "bfloat16 in float64": ("bfloat16", FLOAT64),
    "float64 in double-double": ("float64", DOUBLE_DOUBLE),
}
if HAS_X87:
    SCREENS["float64 in x87"] = ("float64", EXTENDED)


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    with flint.ctx.workprec(300):
        yield


def exactly(values: Array | DoubleDouble) -> list[flint.arb]:
    """Values of any arithmetic as balls, without error."""
    if isinstance(values, DoubleDouble):
        return [flint.arb(h) + flint.arb(low) for h, low in zip(values.high.ravel(), values.low.ravel(), strict=True)]
    mantissa, exponent = np.frexp(np.asarray(values).ravel())
    high = mantissa.astype(np.float64)
    low = (mantissa - high).astype(np.float64)
    parts = zip(high.tolist(), low.tolist(), exponent.tolist(), strict=True)
    return [(flint.arb(h) + flint.arb(rest)) * flint.arb(2) ** e for h, rest, e in parts]


@pytest.mark.parametrize(("dtype", "arithmetic"), SCREENS.values(), ids=list(SCREENS))
def test_a_screens_truth_errs_by_less_than_a_thousandth_of_an_allowance(dtype: str, arithmetic: Arithmetic) -> None:
    fmt = FORMATS[dtype]
    for role, regime in PLAIN:
        arguments = _rows(role.arguments, regime, dtype, (role.heights(9)[0], 9), 3, 0)
        exact = role.truth(arguments, BALLS).exact()
        out = np.zeros(exact.shape, fmt.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            view = View(role, fmt, Observation(arguments, out), arithmetic, full_bound=False)
            got_values, bounds = exactly(view.exact), arithmetic.narrow(view.error_bound).ravel().tolist()
        for got, true, allowed in zip(got_values, exact.ravel(), bounds, strict=True):
            if fmt.eta / 2 <= abs(float(true.mid())) <= fmt.max:  # below, any answer but 0 or the smallest subnormal
                close = abs(got - true) <= flint.arb(allowed) * (1 - arithmetic.limit)
                assert bool(close), (role.name, regime.name, got, true)


def test_the_screen_is_wider_than_its_format_by_eleven_bits() -> None:
    for name, fmt in FORMATS.items():
        arithmetic = screen_arithmetic(fmt)
        third = arithmetic.narrow(arithmetic.lift(np.array([1.0])) / arithmetic.lift(np.array([3.0])))
        error = abs(exactly(arithmetic.lift(np.array([1.0])) / arithmetic.lift(np.array([3.0])))[0] * 3 - 1)
        assert third == pytest.approx(1 / 3), name
        assert bool(error <= fmt.unit_roundoff * 2.0**-10), name


def test_double_double_exp_is_good_to_ninety_bits() -> None:
    x = np.r_[-np.geomspace(1e-20, 600, 400), 0.0, np.geomspace(1e-20, 600, 50)]
    balls = BALLS.exp(BALLS.lift(x))
    for got, true in zip(exactly(DOUBLE_DOUBLE.exp(DOUBLE_DOUBLE.lift(x))), balls, strict=True):
        assert bool(abs(got - true) <= true * 2.0**-90)


def test_double_double_exp_is_zero_far_below() -> None:
    assert DOUBLE_DOUBLE.exp(DOUBLE_DOUBLE.lift(np.array([-1e308, -2000.0, -760.0]))).high.tolist() == [0, 0, 0]


def test_double_double_totals_do_not_lose_small_terms() -> None:
    x = np.array([[1.0, 1e-25, -1.0, 3e-25]])
    assert DOUBLE_DOUBLE.total(DOUBLE_DOUBLE.lift(x)).high.item() == pytest.approx(4e-25, rel=1e-9)
