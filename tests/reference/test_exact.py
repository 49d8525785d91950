"""Exact numbers and correct rounding: what the trap's proof and its orbits stand on."""

from __future__ import annotations

from fractions import Fraction

import flint
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extremum.reference.descent import exact
from extremum.reference.descent.correct_rounding import FOLLOWED, NearestUndecided, OutOfRange, hexadecimal, of_bits
from extremum.reference.descent.exact import PI, NotExact, number, parse, written
from extremum.reference.errors import UsageError

NATIVE = {"bfloat16": ml_dtypes.bfloat16, "float16": np.float16, "float32": np.float32, "float64": np.float64}


@pytest.mark.parametrize("sixth", range(-12, 13))
def test_sine_of_a_rational_multiple_of_pi_is_the_rational_that_its_ball_holds(sixth: int) -> None:
    x = number(Fraction(sixth, 6)) * PI
    try:
        found = exact.sin(x)
    except NotExact:
        assert not any(exact.ball(x).sin().contains(flint.arb(k) / 2) for k in range(-2, 3))
    else:
        assert exact.ball(x).sin().contains(exact.ball(found))


@pytest.mark.parametrize("x", [number(1), PI / 5, PI + 1, PI * PI, number(Fraction(1, 2))])
def test_sine_elsewhere_is_not_exact(x: object) -> None:
    with pytest.raises(NotExact):
        exact.sin(x)


def test_two_pi_less_three_halves_of_pi_is_half_of_pi_exactly_and_not_in_balls() -> None:
    assert parse("2pi", "x") - parse("3pi/2", "x") == parse("pi/2", "x")
    pi = flint.arb.pi()
    equal = 2 * pi - 3 * pi / 2 == pi / 2
    assert not equal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2pi", 2 * PI),
        ("3pi/2", 3 * PI / 2),
        ("3/2pi", None),
        ("-pi/4", -PI / 4),
        ("2*pi", 2 * PI),
        (" 2 π ", 2 * PI),
        ("1/3", number(Fraction(1, 3))),
        ("0.25", number(Fraction(1, 4))),
        ("1e-3", number(Fraction(1, 1000))),
        ("+7", number(7)),
        ("inf", None),
        ("nan", None),
        ("", None),
        ("pipi", None),
        ("1/0", None),
        ("2tau", None),
        ("1e99999", None),
        ("9" * 5000, None),
        ("1/pi", None),
    ],
)
def test_a_number_is_read_as_a_person_writes_it(text: str, value: object) -> None:
    if value is not None:
        assert parse(text, "start") == value
    else:
        with pytest.raises(UsageError, match=r"^start='.*' is not a finite number: write it as .*$"):
            parse(text, "start")


@given(st.fractions(max_denominator=10**6), st.booleans())
def test_what_is_written_is_read_back(value: Fraction, with_pi: bool) -> None:
    x = number(value) * (PI if with_pi else 1)
    assert parse(written(x), "x") == x


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["bfloat16", "float16", "float32", "float64"]))
def test_rounding_is_that_of_the_dtype(value: float, name: str) -> None:
    with np.errstate(all="ignore"):
        narrow = np.float32(value) if name == "bfloat16" else np.float64(value)  # bfloat16 is converted through float32
        expected = float(narrow.astype(NATIVE[name]))
    if not np.isfinite(narrow):
        return
    try:
        found = FOLLOWED[name].nearest(flint.fmpq(*float(narrow).as_integer_ratio()))
    except OutOfRange:
        assert np.isinf(expected)
    else:
        assert int(found.p) / int(found.q) == expected


@given(st.fractions(), st.integers(1, 60))
def test_rounding_to_bits_is_to_the_nearest_float(value: Fraction, bits: int) -> None:
    r = exact.rational(value)
    found = of_bits(bits).nearest(r)
    below, above = of_bits(bits).neighbours(found)
    assert abs(found - r) <= min(abs(below - r), abs(above - r)) or found == 0
    assert of_bits(bits).nearest(found) == found


def test_x87_is_rounded_as_the_processor_does_where_there_is_one() -> None:
    if np.finfo(np.longdouble).nmant != 63:
        pytest.skip("longdouble is not the x87 format here")
    third = np.longdouble(1) / np.longdouble(3)
    high = float(third)
    low = float(third - np.longdouble(high))
    parts = flint.fmpq(*high.as_integer_ratio()) + flint.fmpq(*low.as_integer_ratio())
    assert FOLLOWED["x87"].nearest(flint.fmpq(1, 3)) == parts


def test_a_tie_in_a_ball_is_undecided_and_not_guessed() -> None:
    with pytest.raises(NearestUndecided):
        of_bits(2).enclosed(lambda: flint.arb(5) / 3 * 3)


@given(st.floats(min_value=2.0**-1022, allow_infinity=False))
def test_a_hex_float_reads_back_and_has_no_smallest_exponent(value: float) -> None:
    for one in (value, -value):
        assert hexadecimal(flint.fmpq(*one.as_integer_ratio())) == one.hex()
    assert hexadecimal(flint.fmpq(1, 2**5000)) == "0x1.0000000000000p-5000"
    assert hexadecimal(flint.fmpq(0)) == (0.0).hex()
