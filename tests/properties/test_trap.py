"""The bad step size: proven exactly, followed in every format. The figures are those of the published table."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import islice, repeat
from math import cos, pi

import descent_schedules as schedules
import flint
import ml_dtypes
import numpy as np
import pytest
from armijo import armijo
from descent_facts import (
    false_convergence,
    follows_the_law,
    landing_step,
    lands_whatever_the_slope,
    smallest_landing_step,
)
from descent_strategies import Aim, functions, traps
from hypothesis import given
from hypothesis import strategies as st

from extremum.properties.descent import escape, forbidden
from extremum.properties.descent.ends import ends, slopes, successors
from extremum.properties.descent.exact_trap import Trap, sign, sign_of
from extremum.properties.descent.following import Orbit, fate, follow, slope
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.descent.correct_rounding import FOLLOWED, Rounding, of_bits, of_format
from extremum.reference.descent.descend import descend
from extremum.reference.descent.exact import PI, ball, constant, number, parse
from extremum.reference.descent.smooth import EXACT, NAMED, Smooth, polynomial
from extremum.reference.errors import UsageError

SIN = NAMED["sin"]
TRAP = Trap(SIN, 2 * PI, 3 * PI / 2)
DIGITS = {30: 103, 100: 336, 1000: 3325}  # bits of precision, one decimal digit more than named: 1 + 30, 1 + 100 ...


def distance(orbit: Orbit) -> float:
    with flint.ctx.workprec(2 * orbit.rounding.precision + 64):
        return float(ball(orbit.distance(1, TRAP.top)))


def test_it_lands_on_half_of_pi_and_stays_there_exactly() -> None:
    assert TRAP.first == TRAP.second == PI / 2
    assert TRAP.lands is TRAP.stays is True


def test_the_start_is_no_critical_point_and_the_landing_is_a_strict_maximum() -> None:
    assert TRAP.slope == 1
    assert SIN.slope(PI / 2, EXACT) == 0
    assert SIN.curvature(PI / 2, EXACT) == -1
    assert sign_of(SIN, SIN.curvature, PI / 2) == -1


def test_the_multiplier_of_the_escape_is_one_and_three_halves_of_pi() -> None:
    assert TRAP.multiplier.contains(1 + 3 * flint.arb.pi() / 2)
    assert str(TRAP.multiplier)[1:5] == "5.71"


@pytest.mark.parametrize(
    ("name", "first", "escapes"),
    [
        ("bfloat16", "8.3e-03", 3),
        ("float16", "4.8e-04", 5),
        ("float32", "1.6e-07", 9),
        ("float64", "6.1e-17", 22),
        ("x87", "8.3e-20", 25),
    ],
)
def test_in_a_format_it_lands_beside_the_maximum_and_leaves(name: str, first: str, escapes: int) -> None:
    orbit = follow(TRAP, FOLLOWED[name], steps=30)
    assert f"{distance(orbit):.1e}" == first
    assert orbit.escapes_after(TRAP.top) == escapes


@pytest.mark.parametrize(("digits", "escapes"), [(30, 41), (100, 133), (1000, 1322)])
def test_with_decimal_digits_it_leaves_after_1_32_steps_a_digit(digits: int, escapes: int) -> None:
    orbit = follow(TRAP, of_bits(DIGITS[digits]), steps=escapes)
    assert orbit.escapes_after(TRAP.top) == escapes


def test_a_decimal_digit_costs_1_3213_steps() -> None:
    assert f"{float(flint.arb(10).log() / TRAP.multiplier.log()):.4f}" == "1.3213"


def test_in_bfloat16_it_ends_in_a_cycle_of_period_5() -> None:
    assert str(fate(SIN, follow(TRAP, FOLLOWED["bfloat16"]))) == "cycle of period 5"


def test_in_float64_nothing_attracts_and_it_wanders() -> None:
    assert str(fate(SIN, follow(TRAP, FOLLOWED["float64"], steps=2000))) == "wanders"


@pytest.mark.parametrize("rounding", [*FOLLOWED.values(), of_bits(103), of_bits(336)], ids=lambda r: r.name)
def test_every_step_until_it_leaves_obeys_the_law_of_escape(rounding: Rounding) -> None:
    orbit = follow(TRAP, rounding, steps=200)
    last = orbit.escapes_after(TRAP.top)
    assert last is not None
    assert [k for k in range(1, last) if not follows_the_law(orbit, SIN, TRAP.top, k)] == []
    assert escape.predicted(flint.arb(distance(orbit)), TRAP.multiplier) == last


def test_the_law_of_escape_can_fail() -> None:
    orbit = follow(TRAP, FOLLOWED["float32"], steps=10)
    moved = Orbit(orbit.rounding, orbit.step, [x + flint.fmpq(k, 2**20) for k, x in enumerate(orbit.points)])
    assert not follows_the_law(moved, SIN, TRAP.top, 3)


@pytest.mark.slow
def test_of_the_precisions_from_8_to_2000_bits_92_stay_for_ever() -> None:
    stay = 0
    for bits in range(8, 2001):
        orbit = follow(TRAP, of_bits(bits), steps=8)
        if orbit.again is not None:
            assert str(fate(SIN, orbit)) == "settles at a maximum"
            stay += 1
        else:  # far beyond its roundings, from where the law of escape leads away from the maximum
            assert sign(orbit.distance(8, TRAP.top) - number(flint.fmpq(1, 2 ** (bits - 7)))) > 0
    assert stay == 92


def test_in_bfloat16_94_percent_of_the_starts_up_to_20_end_at_a_maximum() -> None:
    counts = ends(SIN, 3 * PI / 2, FORMATS["bfloat16"]).counts(within=20)
    at_maximum = sum(n for kind, n in counts.items() if str(kind) == "settles at a maximum")
    assert (at_maximum, counts.total()) == (31561, 33602)
    assert round(100 * at_maximum / counts.total()) == 94


def test_a_step_of_a_hundredth_in_float16_leaves_974_false_fixed_points() -> None:
    found = ends(SIN, parse("0.01", "step"), FORMATS["float16"])
    still = false_convergence(SIN, found, Fraction(1, 20), within=20)
    assert len(still) == 974
    to_critical = np.abs(still / pi - 0.5 - np.round(still / pi - 0.5)) * pi
    assert to_critical.min() > 0.05


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
@pytest.mark.parametrize("step", ["3pi/2", "0.01"])
def test_the_exhaustive_map_is_the_orbit_step_by_step(name: str, step: str) -> None:
    fmt, rounding = FORMATS[name], FOLLOWED[name]
    follows = successors(SIN, parse(step, "step"), fmt)
    x = np.arange(2**16, dtype=np.uint16).view(fmt.dtype)
    chosen = np.random.default_rng(0).choice(np.flatnonzero(np.abs(fmt.ordinal(x)) <= fmt.largest_ordinal), 2000)
    for pattern in chosen.tolist():
        start = flint.fmpq(*float(x[pattern]).as_integer_ratio())
        orbit = follow(Trap(SIN, number(start), parse(step, "step")), rounding, steps=1)
        assert float(x[follows[pattern]]) == int(orbit.points[1].p) / int(orbit.points[1].q)


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_every_slope_of_the_map_is_correctly_rounded(name: str) -> None:
    fmt = FORMATS[name]
    x = fmt.from_ordinal(np.arange(0, fmt.largest_ordinal, 37)).astype(np.float64)
    found = slopes(NAMED["bump"], x, fmt)
    expected = [slope(NAMED["bump"], flint.fmpq(*v.as_integer_ratio()), of_format(fmt)) for v in x.tolist()]
    assert found.tolist() == [int(r.p) / int(r.q) for r in expected]


@pytest.mark.parametrize(
    ("dtype", "name"),
    [(ml_dtypes.bfloat16, "bfloat16"), (np.float16, "float16"), (np.float32, "float32"), (np.float64, "float64")],
)
def test_numpy_leaves_the_maximum_after_as_many_steps(dtype: type, name: str) -> None:
    points = descend(np.cos, dtype(2 * pi), repeat(dtype(3 * pi / 2)))
    far = [k for k, x in enumerate(islice(points, 30), 1) if abs(float(x) - pi / 2) > 0.1]
    assert far[0] == follow(TRAP, FOLLOWED[name], steps=30).escapes_after(TRAP.top)


@given(traps())
def test_one_exact_step_lands_on_the_maximum_of_any_trap(aim: Aim) -> None:
    f, top = aim.function, aim.top
    assert lands_whatever_the_slope(aim.start, top)
    assert f.slope(top, EXACT) == 0
    assert sign_of(f, f.curvature, top) == -1
    assert sign_of(f, f.slope, aim.start) == sign(aim.start - top) != 0
    step = landing_step(f, aim.start, top)
    if step is not None:
        trap = Trap(f, aim.start, step)
        assert (trap.first, trap.lands, trap.stays) == (top, True, True)
    x, x_star = ball(aim.start), ball(top)
    (landed,) = descend(lambda _: f.ball(f.slope, aim.start), x, [(x - x_star) / f.ball(f.slope, aim.start)])
    assert landed.overlaps(x_star)


@given(traps())
def test_no_step_below_1_over_L_is_a_trap(aim: Aim) -> None:  # noqa: N802
    f = aim.function
    if f.bound is not None:
        step = (ball(aim.start) - ball(aim.top)) / f.ball(f.slope, aim.start)
        assert not step < flint.arb(flint.fmpq(1)) / flint.arb(number(f.bound)[0])


def test_a_gradient_step_over_vectors_lands_exactly_in_every_coordinate() -> None:
    x = np.array([Fraction(2), Fraction(2), Fraction(-1)])  # of the sum of x_i^3 / 3 - x_i, whose maximum is at -1
    assert [list(y) for y in descend(lambda v: v * v - 1, x, repeat(Fraction(1), 3))] == [[-1, -1, -1]] * 3


@pytest.mark.parametrize("step", [0.0, -1.0, np.inf, np.nan, np.float32(0), ml_dtypes.bfloat16(-1), Fraction(0)])
def test_a_step_size_that_is_not_positive_and_finite_is_refused(step: object) -> None:
    with pytest.raises(UsageError, match=r"^step=.* is not positive and finite$"):
        next(descend(lambda x: x, 1.0, [step]))


def test_a_gradient_of_another_shape_is_refused_and_not_broadcast() -> None:
    with pytest.raises(UsageError, match=r"^gradient has shape \(3, 1\), and x shape \(3,\): they must be the same$"):
        next(descend(lambda x: x[:, None], np.ones(3), [0.5]))


def test_variable_steps_are_taken_in_order() -> None:
    assert list(descend(lambda x: 2 * x, Fraction(1), [Fraction(1, 4), Fraction(1, 2)])) == [Fraction(1, 2), 0]


def test_the_smallest_step_that_lands_on_a_maximum_of_sine_is_enclosed() -> None:
    t, step = smallest_landing_step(100)
    assert t.sin().overlaps(t * t.cos())
    assert str(step.mid())[:11] == "[4.60333884"
    assert float(step.rad()) < 1e-28
    assert step > 2


@given(st.floats(3.3, 6.1))
def test_no_step_below_it_lands_from_the_first_hump(s: float) -> None:
    assert -s / np.sin(s) >= float(smallest_landing_step(60)[1].mid()) * (1 - 1e-15)


@given(functions(), st.fractions(-6, 6, max_denominator=50), st.fractions(Fraction(1, 50), Fraction(49, 50)))
def test_below_2_over_L_the_function_falls_as_the_descent_lemma_says(f: Smooth, x: Fraction, share: Fraction) -> None:  # noqa: N802
    at, of = (constant(number(v)) for v in (x, share))
    eps, bound = forbidden.safe_step(f, at, of)
    assert eps * bound < 2
    fall, promised = forbidden.descent(f, at, eps, bound)
    assert not fall < promised
    assert promised >= 0 or promised.overlaps(flint.arb(0))


def test_the_descent_lemma_can_fail_beyond_2_over_L() -> None:  # noqa: N802
    fall, _ = forbidden.descent(SIN, constant(number(6)), constant(number(5)), constant(number(1)))
    assert fall < 0


@pytest.mark.parametrize(("dtype", "steps"), [(np.float64, 474), (np.float32, 66), (ml_dtypes.bfloat16, 10)])
def test_a_constant_step_leads_to_the_maximum_of_the_ripple_through_many_points(dtype: type, steps: int) -> None:
    start, step = dtype(schedules.RIPPLE_START), dtype(schedules.RIPPLE_STEP)
    x = [start, *islice(descend(schedules.ripple_slope, start, repeat(step)), steps)]
    f = [float(schedules.ripple(v)) for v in x]
    assert f == sorted(f)
    assert len({float(v) for v in x}) == steps + 1
    assert 0 > f[-2] > -1e-6
    assert all(v != 0 for v in x)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
def test_growing_steps_lead_between_two_maxima_of_sine_to_their_height(dtype: type) -> None:
    x, left, right = dtype(1), dtype(-3 * pi / 2), dtype(pi / 2)
    steps = islice(schedules.between_two_maxima(np.cos, x, left, right), 26)
    eps = []
    f = [float(np.sin(x))]
    for step in steps:
        x = x - step * np.cos(x)
        eps.append(float(step))
        f.append(float(np.sin(x)))
        if f[-1] == 1:
            break
    assert f == sorted(f)
    assert f[-1] == 1
    assert min(eps) > 0
    assert abs(cos(float(x))) > 0


def _in(dtype: np.dtype) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    return lambda x: np.sin(x.astype(np.float64)).astype(dtype), lambda x: np.cos(x.astype(np.float64)).astype(dtype)


def test_backtracking_refuses_the_trap_and_reaches_a_minimum() -> None:
    for name in ("float16", "float32", "float64"):
        fmt = FORMATS[name]
        x = np.array([2 * pi], fmt.dtype)
        points = [float(y[0]) for y in islice(armijo(*_in(fmt.dtype), x, 3 * pi / 2), 60)]
        assert min(abs(y - pi / 2) for y in points) > 1
        assert abs(points[-1] - 3 * pi / 2) < 4 * fmt.unit_roundoff**0.5


def test_backtracking_stalls_about_the_root_of_the_roundoff_from_the_minimum() -> None:
    x = np.array([2 * pi])
    last = [float(y[0]) for y in islice(armijo(*_in(np.dtype(np.float64)), x, 3 * pi / 2), 200)][-100:]
    assert min(abs(y - 3 * pi / 2) for y in last) > 1e-9
    assert {np.sin(y) for y in last} == {-1.0}


def test_backtracking_from_the_maximum_of_bfloat16_stays_there() -> None:
    x = np.array([pi / 2], ml_dtypes.bfloat16)
    assert next(armijo(*_in(x.dtype), x, 3 * pi / 2))[0] == x[0]


def test_backtracking_ends_at_nan() -> None:
    x = np.array([np.nan, 1.0])
    y = next(armijo(*_in(x.dtype), x, 1.0))
    assert np.isnan(y[0])
    assert y[1] < 1


@pytest.mark.parametrize(
    ("start", "step", "text"),
    [
        ("2pi", "0", "step='0' is not positive"),
        ("2pi", "-1", "step='-1' is not positive"),
        ("pi/2", "1", "start='pi/2' is a critical point of sin x"),
    ],
)
def test_what_is_no_descent_is_refused(start: str, step: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        Trap(SIN, parse(start, "start"), parse(step, "step"))


def test_a_polynomial_knows_its_maxima() -> None:
    f = polynomial([Fraction(1), Fraction(-2), Fraction(1, 2)], Fraction(3))
    assert f.maxima == (number(Fraction(1, 2)),)
