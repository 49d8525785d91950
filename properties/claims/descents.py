"""The descent of exercise 2.3, exactly and in each format, with the statements of its claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from extremum.properties.claims.claim import EXACT, FLOATING, Check, ClaimRun
from extremum.properties.claims.limits import Cases, holds_in_cases
from extremum.properties.descent.exact_trap import Trap, sign_of
from extremum.properties.descent.following import Orbit, fate, follow
from extremum.properties.descent.forbidden import descent, safe_step
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import adapt
from extremum.reference.arithmetic.formats import Array
from extremum.reference.descent import exact
from extremum.reference.descent.correct_rounding import FOLLOWED, Rounding
from extremum.reference.descent.exact import PI, Exact, number, written
from extremum.reference.descent.smooth import EXACT as NUMBERS
from extremum.reference.descent.smooth import NAMED, Smooth, polynomial

SIN = NAMED["sin"]
TRAP = Trap(SIN, 2 * PI, 3 * PI / 2)
TOP = PI / 2
CONSTRUCTION = f"f = {SIN.text}, x_0 = {written(TRAP.start)}, step {written(TRAP.step)}"
ORBIT_STEPS_MAX = 10_000
ORBIT_BITS = 512
DESCENT_BITS = 256


def exactly(says: str, holds: Callable[[], bool]) -> Check:
    """A statement about the one construction of the exercise, in numbers that are polynomials in pi."""
    return holds_in_cases(says, EXACT, lambda run: [(CONSTRUCTION, holds())])


def in_each_format(says: str, holds: Callable[[Orbit, Rounding], tuple[bool, str]]) -> Check:
    """A statement about the orbit of the construction in each format, every operation correctly rounded."""

    def cases(run: ClaimRun) -> Cases:
        results = []
        with flint.ctx.workprec(ORBIT_BITS):
            for name, rounding in FOLLOWED.items():
                held, shown = holds(run.once(orbit, name), rounding)
                results.append((f"{name}: {shown}", held))
        return results

    return holds_in_cases(says, FLOATING, cases)


def orbit(name: str) -> Orbit:
    """The orbit in a format, until a number comes again or `ORBIT_STEPS_MAX` steps are taken."""
    return follow(TRAP, FOLLOWED[name], ORBIT_STEPS_MAX)


def starts(run: ClaimRun) -> Sequence[Exact]:
    """Multiples of pi / 6 at which sine's slope is rational, 0 among them, the smallest first."""
    multiples = [*range(-12, 13), *(int(k) for k in run.generator().integers(-600, 600, 40))]
    return [
        number(Fraction(k, 6)) * PI
        for k in sorted(multiples, key=lambda k: (abs(k), k < 0))
        if k % 3 == 0 or k % 6 in (2, 4)
    ]


def slope(x: Exact) -> Exact | None:
    """Sine's exact slope, or None where it is irrational."""
    try:
        return SIN.slope(x, NUMBERS)
    except exact.NotExact:
        return None


def moves(run: ClaimRun, forbidden: Callable[[Exact], bool]) -> Cases:
    """The first step of sine's descent leads away from each start that is not forbidden."""
    allowed = ((x, slope(x)) for x in starts(run) if not forbidden(x))
    return [(f"f = sin x, x_0 = {written(x)}", x - TRAP.step * g != x) for x, g in allowed if g is not None]


def tops() -> list[tuple[Smooth, Exact]]:
    """Functions and their strict maxima."""
    lowered = polynomial((Fraction(0),), Fraction(-2), "-x^2")
    return [(f, x) for f in (lowered, *NAMED.values()) for x in f.maxima]


def vanishing(run: ClaimRun) -> Cases:
    """No point where f is 0 is a strict maximum."""
    zeros = [number(int(k)) * PI for k in run.generator().integers(-100, 100, 20)]
    return [
        *((f"f = {f.name}, x_0 = {written(x)}", False) for f, x in tops() if sign_of(f, f.value, x) == 0),
        *((f"f = sin x, x_0 = {written(x)}", SIN.slope(x, NUMBERS) != 0) for x in zeros),
    ]


def fermat(run: ClaimRun) -> Cases:
    """The slope is 0 at every strict maximum."""
    return [(f"f = {f.name}, x = {written(x)}", sign_of(f, f.slope, x) == 0) for f, x in tops()]


def value_stays(o: Orbit, rounding: Rounding) -> tuple[bool, str]:
    """Whether sin x_k stays within 1/200 of 1, its value at the maximum, from x_1 on."""
    low = flint.arb(1) - flint.arb(1) / 200
    away = next((k for k, x in enumerate(o.points) if k and flint.arb(x).sin() < low), None)
    return away is None, f"f(x_{away}) < 0.995"


def descends(share: Fraction) -> Check:
    """Steps of this share of 2 / L never lead upwards, and f falls by what the descent lemma says."""

    def cases(run: ClaimRun) -> Cases:
        generator, results = run.generator(), []
        for f in NAMED.values():
            for v in generator.uniform(-4, 4, 10).tolist():
                x = flint.fmpq(*float(v).as_integer_ratio())
                with flint.ctx.workprec(DESCENT_BITS):
                    step, bound = safe_step(f, x, exact.rational(share))
                    fall, least = descent(f, x, step, bound)
                    results.append((f"f = {f.name}, x = {v:.6g}", bool(fall >= least) and bool(least >= 0)))
        return results

    return holds_in_cases(
        "with a step below $2 / L$, $L$ a Lipschitz constant of $f'$, no step leads upwards", EXACT, cases
    )


def distance(o: Orbit, k: int) -> Any:
    """abs(x_k - pi / 2) as a ball."""
    return exact.ball(o.distance(k, TOP))


def within_first(o: Orbit, rounding: Rounding) -> tuple[bool, str]:
    r"""Whether abs(x_1 - pi / 2) <= 4 pi u (1 + u).

    x_0 is off by at most 2 pi u, the step by 3 pi u / 2, and the cosine of x_0 is off by at most (2 pi u)^2 / 2, less
    than u / 2, so that it rounds to 1; their difference is off by 7 pi u / 2, and its rounding by (pi / 2) u (1 + 7 u).
    """
    u = flint.arb(2) ** -rounding.precision
    d = distance(o, 1)
    return bool(d <= 4 * flint.arb.pi() * u * (1 + u)), f"off by {(d / u).str(3, radius=False)} u"


def within_second(o: Orbit, rounding: Rounding) -> tuple[bool, str]:
    r"""Whether abs(x_2 - pi / 2) <= (d (1 + (3 pi / 2) (1 + u)^3) + pi u / 2) (1 + u), with d = 4 pi u (1 + u).

    The step is (3 pi / 2) cos x_1 with three roundings, and abs(cos x_1) <= abs(x_1 - pi / 2) <= d; then the difference
    is rounded.
    """
    u, pi = flint.arb(2) ** -rounding.precision, flint.arb.pi()
    d = 4 * pi * u * (1 + u)
    allowed = (d * (1 + 3 * pi / 2 * (1 + u) ** 3) + pi * u / 2) * (1 + u)
    error = distance(o, 2)
    return bool(error <= allowed), f"off by {(error / u).str(3, radius=False)} u"


def stays(o: Orbit, rounding: Rounding) -> tuple[bool, str]:
    """Whether x_2 and all that follow equal x_1."""
    away = next((k for k in range(2, len(o.points)) if o.points[k] != o.points[1]), None)
    return away is None, f"x_{away} is not x_1"


def keeps(o: Orbit, rounding: Rounding) -> tuple[bool, str]:
    """Whether no x_k is farther than 1/10 from the maximum."""
    left = o.escapes_after(TOP)
    return left is None, f"abs(x_k - pi/2) > 0.1 from k = {left} on, then {fate(SIN, o)}"


def never_back(o: Orbit, rounding: Rounding) -> tuple[bool, str]:
    """Whether x_0 does not come again."""
    return o.points[0] not in o.points[1:], "x_0 comes again"


def sine_at_start(o: Orbit, rounding: Rounding) -> tuple[bool, str]:
    """Whether abs(sin x_0) <= 2 pi u: sine has the slope 1 at most, and x_0 is off by 2 pi u."""
    u = flint.arb(2) ** -rounding.precision
    value = flint.arb(o.points[0]).sin()
    return bool(abs(value) <= 2 * flint.arb.pi() * u), f"sin x_0 = {value.str(3, radius=False)}"


def slope_at_start(o: Orbit, rounding: Rounding) -> tuple[bool, str]:
    """Whether cos x_0, correctly rounded, is 1."""
    value = rounding.enclosed(lambda: flint.arb(o.points[0]).cos())
    return bool(value == 1), f"cos x_0 = {value}"


def cosines(x: Array) -> Array:
    """The cosine of each entry."""
    return np.cos(x)


def total_of_sines(x: Array) -> Any:
    """The sum of the sines, whose gradient the cosines are."""
    return np.sin(x).sum()


COSINE = adapt(cosines, "cosines", role_named("gradient_of"), "numpy:cos", total_of_sines, "numpy:sin")
