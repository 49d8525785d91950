from __future__ import annotations

import numpy as np
import pytest

from extremum.reference.arithmetic.formats import FORMATS, Format, format_of
from extremum.reference.errors import UsageError

EVERY = list(FORMATS.values())
named = pytest.mark.parametrize("fmt", EVERY, ids=lambda f: f.name)


@named
def test_ordinals_number_the_floats_in_order_without_gaps(fmt: Format) -> None:
    top = fmt.largest_ordinal
    ordinals = np.array(sorted({-top, -top + 1, *range(-2, 3), top - 1, top, *(top * k // 50 for k in range(-50, 51))}))
    values = fmt.from_ordinal(ordinals).astype(np.float64)
    assert (np.diff(values) > 0).all()
    assert (fmt.ordinal(fmt.from_ordinal(ordinals)) == ordinals).all()


@named
def test_one_step_is_the_next_float(fmt: Format) -> None:
    assert float(fmt.step(0.0, 1)) == fmt.eta
    assert float(fmt.step(1.0, 1)) == 1 + 2 * fmt.unit_roundoff
    assert float(fmt.step(fmt.max, 1)) == fmt.max


@named
def test_both_zeros_have_ordinal_zero(fmt: Format) -> None:
    assert fmt.ordinal(np.array([0.0, -0.0], fmt.dtype)).tolist() == [0, 0]


@named
def test_rounding_saturates_finite_values_and_keeps_the_others(fmt: Format) -> None:
    assert float(fmt.round(min(2 * fmt.max, FORMATS["float64"].max))) == fmt.max
    assert np.isnan(float(fmt.round(np.nan)))


def test_the_constants_are_those_of_ieee_754() -> None:
    assert (FORMATS["float16"].max, FORMATS["float16"].tiny, FORMATS["float16"].eta) == (65504.0, 2.0**-14, 2.0**-24)
    assert (FORMATS["bfloat16"].tiny, FORMATS["bfloat16"].unit_roundoff) == (2.0**-126, 2.0**-8)
    assert (FORMATS["float64"].eta, FORMATS["float32"].eta) == (5e-324, 2.0**-149)


def test_an_unknown_dtype_is_told_the_nearest_right_one() -> None:
    assert format_of("float32").precision == 24
    with pytest.raises(UsageError, match=r"dtype='float31'.*did you mean 'float32'"):
        format_of("float31")
