"""The derivative of a user's f along a direction: exact, enclosed, or estimated with a stated error.

| method | asks of f | gives |
|---|---|---|
| `quotient` | arithmetic alone: + - * / and integer powers | the derivative exactly, in rationals |
| `enclosure` | besides, np.exp, np.log, np.sin and their like | a ball that contains the derivative |
| `complex_step` | complex arrays, no abs, no maximum | the derivative to rounding, if f is analytic as it is written |
| `extrapolated` | floats | the derivative with an estimate of its error, if f is smooth |

The first two prove what they say. A complex step and differences prove nothing, and say so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from extremum.properties.calling.caller import Misbehaviour
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.jets import Evaluation, Jet, jets

Function = Callable[[Array], Any]
# Steps whose quotients of a quadratic agree: of these the first three at which f has no pole.
QUOTIENT_STEPS = (flint.fmpq(1), flint.fmpq(1, 3), flint.fmpq(1, 2**40), flint.fmpq(2, 7), flint.fmpq(5, 3))
AGREEING = 3
BITS = (128, 512)  # of the balls
TIGHT = 2.0**-60  # relative radius from which an enclosure is worth no more bits
COMPLEX_STEP = 2.0**-300
HALVINGS = 36  # of the step of a difference
ROUNDED = 2.0**-50  # relative error of f, at the least
HALVED = 7  # points on the way to the origin, each half of the one before
AGREEMENT = 1e-6  # relative, of a complex step with the real value, and with differences


class NotEvaluable(Exception):
    """f can't be evaluated by the method; its text says why, in one line."""


@dataclass(frozen=True)
class Derivative:
    """A derivative and what it may be off: an estimate, by the method named."""

    value: float
    error: float
    method: str


def rationals(row: Array) -> list[Any]:
    """The floats of a row as rationals."""
    return [flint.fmpq(*float(v).as_integer_ratio()) for v in row.astype(np.float64).tolist()]


def quotient(f: Function, x: list[Any], v: list[Any], evaluation: Evaluation | None = None) -> Any:
    """The derivative of f at `x` along `v`, in rationals, on jets of the evaluation.

    Of a quadratic (f(x + h v) - f(x - h v)) / (2 h) is the derivative for every h: three very different steps have to
    agree, and so does the slope of a jet, which is the derivative of any other rational function.
    Raises `NotEvaluable` where f is none.
    """
    zero = flint.fmpq(0)
    slope = _scalar(f, jets(x, v, evaluation)).slope  # undecided at a kink, where quotients may agree all the same
    quotients: list[Any] = []
    for h in QUOTIENT_STEPS:
        ahead, behind = ([a + sign * h * b for a, b in zip(x, v, strict=True)] for sign in (1, -1))
        with contextlib.suppress(NotEvaluable):  # a pole at one of the two says nothing of f at x
            values = [_scalar(f, jets(place, [zero] * len(x), evaluation)).value for place in (ahead, behind)]
            quotients.append((values[0] - values[1]) / (2 * h))
        if len(quotients) == AGREEING:
            break
    if len(quotients) < AGREEING:
        raise NotEvaluable("f has a pole at too many of the steps to tell whether it is smooth")
    if all(q == quotients[0] for q in quotients) and quotients[0] != slope:
        raise NotEvaluable("the difference quotients agree on what the rules do not give: f is not smooth there")
    return slope


def enclosure(f: Function, x: Array, v: Array, around: float = 0.0) -> Any:
    """A ball that contains the derivatives of f along `v` at all points within abs(x) `around` of `x`, in each entry.

    Raises `NotEvaluable` where f can't be evaluated on balls, or where they show nothing.
    """
    best = None
    for bits in BITS:
        with flint.ctx.workprec(bits):
            values = [flint.arb(a, abs(a) * around) for a in x.astype(np.float64).tolist()]
            slope = _scalar(f, jets(values, [flint.arb(b) for b in v.astype(np.float64).tolist()])).slope
            if slope.is_finite():
                best = slope
                if around or float(slope.rad()) <= TIGHT * float(abs(slope.mid())):
                    return slope
    if best is None:
        raise NotEvaluable("f or its derivative is not finite there")
    return best


def estimated(f: Function, x: Array, v: Array) -> Derivative:
    """The derivative along `v` at `x` by a complex step where that agrees with differences, else by differences.

    `f` takes float64 (or complex128) arrays. Raises `NotEvaluable` where neither gives a number.
    """
    differences = extrapolated(f, x, v)
    try:
        stepped = complex_step(f, x, v)
    except NotEvaluable:
        return differences
    gap = abs(stepped.value - differences.value)
    if gap > differences.error * 10 + AGREEMENT * abs(differences.value):
        return differences
    return Derivative(stepped.value, min(stepped.error + gap, differences.error), stepped.method)


def complex_step(f: Function, x: Array, v: Array) -> Derivative:
    """Im f(x + i h v) / h: no difference is taken, so no digit is lost (Squire and Trapp, SIAM Review 40 (1998))."""
    z = _number(f, x.astype(np.complex128) + 1j * COMPLEX_STEP * v, complex)
    real = _number(f, x, float)
    if not abs(z.real - real) <= AGREEMENT * abs(real):
        raise NotEvaluable("f of a complex argument is not f of a real one")
    value = z.imag / COMPLEX_STEP
    return Derivative(value, abs(value) * 2.0**-40, "complex step")


def extrapolated(f: Function, x: Array, v: Array) -> Derivative:
    """Central differences over many steps, extrapolated where they agree best.

    The error is what five plain differences, over steps from one to sixteen times, differ from the extrapolation
    (4 D(h) - D(2 h)) / 3: where a step is too long for f, or so short that rounding counts, they do not agree.
    The error is no less than what `resolution` makes of it. One-sided differences have to agree
    too, or f has a kink. Raises `NotEvaluable` where none of that settles, or f is not finite.
    """
    here = _number(f, x, float)
    steps = max(float(np.abs(x).max()), 1.0) * 2.0 ** -np.arange(2.0, 2.0 + HALVINGS)
    ahead, behind = (np.array([_number(f, x + sign * h * v, float) for h in steps]) for sign in (1, -1))
    central = (ahead - behind) / (2 * steps)
    size = float(max(np.abs(ahead).max(), np.abs(behind).max()))
    noise = size * resolution(f, x + steps[0] * v, v) / steps
    best, place = Derivative(np.nan, np.inf, "extrapolated differences"), 0
    for k in range(2, HALVINGS - 2):
        around = slice(k - 2, k + 3)
        value = float((4 * central[k] - central[k - 1]) / 3)
        error = float(np.abs(central[around] - value).max() + noise[around].max())
        if error < best.error:
            best, place = Derivative(value, error, best.method), k
    bend = abs((ahead[place] - here) - (here - behind[place])) / steps[place]
    longer = abs((ahead[place - 2] - here) - (here - behind[place - 2])) / steps[place - 2]
    if not np.isfinite(best.value) or (bend > best.error + noise[place] and bend > longer / 2):
        raise NotEvaluable("differences do not settle: f is not smooth there, or oscillates too fast")
    return best


def resolution(f: Function, x: Array, v: Array) -> float:
    """How finely f resolves, relative to its value: its first change as x + v t moves away from `x`.

    A function that computes in float32, or rounds to some digits, changes by no less than that.
    """
    here = _number(f, x, float)
    for k in range(-52, 0, 2):
        moved = _number(f, x * (1 + 2.0**k) + v * 2.0**k, float)
        if moved != here:
            return max(abs(moved - here) / max(abs(moved), abs(here)), ROUNDED)
    return ROUNDED


def scale(f: Function, x: Array, v: Array) -> float:
    """The largest derivative along `v` on the way from `x` to the origin, at some points of it.

    They are x, x / 2 ... x / 64, and from there, where x is large, x / 2^k with k of twice the size each until it is no
    larger than one. Where a function saturates, a formula such as 1 - tanh(x)^2 or 2 x / (1 + x^2) keeps no digit of a
    derivative that is tiny beside this. Points where f can't be evaluated do not count.
    """
    size = int(np.log2(max(float(np.abs(x).max()), 1.0))) + 1
    further = [k for k in (8, 16, 32, 64, 128, 256, 512, 1024) if k < 2 * size]
    largest = 0.0
    for k in (*range(HALVED), *further):
        with contextlib.suppress(NotEvaluable), flint.ctx.workprec(BITS[0]):
            largest = max(largest, float(abs(enclosure(f, np.ldexp(x, -k), v)).upper()))
    return largest


def _scalar(f: Function, argument: Array) -> Jet:
    """f of an array of jets; raises `NotEvaluable` where it is no jet."""
    try:
        answer = f(argument)
    except Misbehaviour as error:
        raise NotEvaluable(f"f {error}") from error
    except Exception as error:  # whatever a user's function does with numbers that it does not know
        raise NotEvaluable(f"f raises {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:200]) from error
    if isinstance(answer, np.ndarray) and answer.size == 1:
        answer = answer.item()
    if isinstance(answer, (int, float, np.integer, np.floating)) and np.isfinite(answer):
        answer = argument.ravel()[0] * 0 + answer  # where f is a constant, as a number that was clipped
    if not isinstance(answer, Jet):
        raise NotEvaluable(f"f returns {type(answer).__name__} for exact numbers")
    return answer


def value(f: Function, x: Array) -> float:
    """f at `x`, a finite number; raises `NotEvaluable`."""
    return float(_number(f, x, float))


def check_domain(f: Function, x: Array) -> None:
    """Raises `NotEvaluable` where x, float64 of shape (n,), is not in the domain of f: it raises, or gives NaN.

    An infinite f may have overflowed: whether it has a derivative there is for exact numbers to say.
    """
    if np.isnan(_answer(f, x, float)):
        raise NotEvaluable("f is NaN there")


def _number(f: Function, argument: Array, kind: type) -> Any:
    value = _answer(f, argument, kind)
    if not np.isfinite(value):
        raise NotEvaluable("f is not finite there")
    return value


def _answer(f: Function, argument: Array, kind: type) -> Any:
    try:
        answer = np.asarray(f(argument))
        if kind is complex and not np.iscomplexobj(answer):
            raise TypeError("a real number for a complex one")
        return kind(answer.reshape(()).item())
    except Misbehaviour as error:
        raise NotEvaluable(f"f {error}") from error
    except Exception as error:
        raise NotEvaluable(f"f raises {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:200]) from error
