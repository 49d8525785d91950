"""How a claimed gradient is judged at a point, along a direction: in rationals, in balls, or by an estimate."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.model.view import Observation
from extremum.properties.roles.gradient_of import directional
from extremum.properties.roles.gradient_of.directional import NotEvaluable
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array, format_of
from extremum.reference.arithmetic.jets import Evaluation, Jet, jets
from extremum.reference.arithmetic.wide import nearest_float

CONSTANTS = 2.0**-12  # relative, that constants of f and of its gradient may have been rounded apart: float32 and less
BEYOND = "the derivatives of f are beyond the range of float64"
LARGEST_ESTIMATED = 100.0  # entry of x: differences of a function that oscillates do not settle much further out
FAR_ESTIMATED = 2.0**11  # the same of a gradient that is not finite: beyond the logarithm of the largest float64
ESTIMATES = 10  # times its estimate that an estimated derivative is trusted to be off


def delta_of(dtype: str) -> float:
    """sqrt(u): half the digits."""
    return float(np.sqrt(format_of(dtype).unit_roundoff))


Judged = tuple[float, float, str]  # measured, allowed, and what was compared in words
Judge = Callable[[Call, Array, Array, Array], Judged]


def by_row(judge: Judge) -> Callable[[Call, Case], Observation]:
    """An experiment that judges each row by `judge(call, x, v, gradient)`; rows that it can't judge are passed over.

    Raises `Declined` where it can't judge any.
    """

    def observe(call: Call, case: Case) -> Observation:
        x, v = case.arguments["x"], case.arguments["v"]
        measured, allowed = np.zeros((len(x), 1)), np.zeros((len(x), 1))
        out, notes, reason = np.zeros(x.shape, x.dtype), {}, ""
        for r in range(len(x)):
            try:
                directional.check_domain(call.of_value, x[r].astype(np.float64))
                out[r] = call.answer({"x": x[r]}).astype(x.dtype)
                measured[r, 0], allowed[r, 0], notes[r] = judge(call, x[r], v[r], out[r])
            except NotEvaluable as error:
                reason = str(error)
        if not notes:
            raise Declined(reason)
        note = next((note for r, note in notes.items() if measured[r, 0] > allowed[r, 0]), "")
        return Observation({"x": x, "v": v, "measured": measured, "allowed": allowed}, out, note=note)

    return observe


def answers(call: Call, x: Array) -> bool:
    """Whether f takes x: of a point where it raises, or has no finite value, nothing can be asked."""
    try:
        directional.value(call.of_value, x.astype(np.float64))
    except NotEvaluable:
        return False
    return True


def in_rationals(call: Call, x: Array, v: Array, _gradient: Array) -> Judged:
    """abs(<df(x), v> - derivative) in rationals, and what constants may have been rounded by."""
    evaluation = Evaluation()
    place, direction = directional.rationals(x), directional.rationals(v)
    derivative = directional.quotient(call.of_exact, place, direction, evaluation)
    claimed = _on_rationals(call, place, evaluation)
    zero = flint.fmpq(0)
    gap = sum((g * d for g, d in zip(claimed, direction, strict=True)), zero) - derivative
    terms = [abs(nearest_float(g * d)) for g, d in zip(claimed, direction, strict=True)]
    claim, exact = nearest_float(derivative + gap), nearest_float(derivative)
    note = f"<gradient, v> is {claim:.6g} in rationals, the derivative {exact:.6g}"
    if not evaluation.long_constants:
        return abs(nearest_float(gap)), 0.0, note
    allowed = CONSTANTS * (sum(terms) + _scale(call, x, v))
    if not np.isfinite(allowed):
        raise NotEvaluable(BEYOND)
    return abs(nearest_float(gap)), allowed, note


def _scale(call: Call, x: Array, v: Array) -> float:
    largest = directional.scale(call.of_exact, x.astype(np.float64), v)
    if not np.isfinite(largest):
        raise NotEvaluable(BEYOND)
    return largest


def _on_rationals(call: Call, place: list[Any], evaluation: Evaluation) -> list[Any]:
    argument = jets(place, [flint.fmpq(0)] * len(place), evaluation)
    try:
        answer = np.asarray(call.exact(argument))
    except Misbehaviour as error:
        raise NotEvaluable(f"the gradient {error}") from error
    except Exception as error:
        raise NotEvaluable(f"the gradient raises {type(error).__name__} for rationals") from error
    entries = answer.ravel().tolist()
    if answer.shape != argument.shape or not all(isinstance(entry, (Jet, int, float)) for entry in entries):
        raise NotEvaluable("the gradient is no array of rationals for rationals")
    zero = Jet(flint.fmpq(0), flint.fmpq(0), evaluation)
    return [(zero + entry).value for entry in entries]


def in_balls(call: Call, x: Array, v: Array, gradient: Array) -> Judged:
    """A lower bound of the distance of <gradient, v> from the derivative, and an upper bound of what is allowed."""
    if not np.isfinite(gradient.astype(np.float64)).all():
        raise NotEvaluable("the gradient is not finite: property finite judges it")
    f, delta = call.of_exact, delta_of(x.dtype.name)
    with flint.ctx.workprec(directional.BITS[0]):
        here, around = directional.enclosure(f, x, v), directional.enclosure(f, x, v, delta)
        claimed, magnitude = (
            sum((flint.arb(g) * flint.arb(d) for g, d in pairs), flint.arb(0))
            for pairs in (_pairs(gradient, v), _pairs(np.abs(gradient), np.abs(v)))
        )
        typical = flint.arb(_scale(call, x, v))
        allowed = abs(around - here) + (typical + magnitude) * delta + len(x) * format_of(x.dtype.name).tiny
        note = f"<gradient, v> is {float(claimed.mid()):.9g}, the derivative {here.str(12)}"
        return _down(abs(claimed - here)), _up(allowed), note


def _pairs(gradient: Array, v: Array) -> list[tuple[float, float]]:
    return list(zip(gradient.astype(np.float64).tolist(), v.astype(np.float64).tolist(), strict=True))


def _down(ball: Any) -> float:
    return max(float(np.nextafter(float(ball.abs_lower()), -np.inf)), 0.0)


def _up(ball: Any) -> float:
    return float(np.nextafter(float(ball.abs_upper()), np.inf))


def in_floats(call: Call, x: Array, v: Array, gradient: Array) -> Judged:
    """abs(<gradient, v> - estimate), and ten times its estimated error with half of the digits."""
    if _evaluable(call, x, v):
        raise NotEvaluable("f is evaluated on balls: property derivative judges it")
    wide, direction, delta = x.astype(np.float64), v.astype(np.float64), delta_of(x.dtype.name)
    missing = ~np.isfinite(gradient.astype(np.float64))
    if np.abs(wide).max() > (FAR_ESTIMATED if missing.any() else LARGEST_ESTIMATED):
        raise NotEvaluable("x is so large that f may oscillate between the points of a difference")
    if missing.any():
        direction = (np.arange(len(x)) == int(missing.argmax())).astype(np.float64)
    estimate = directional.estimated(call.of_value, wide, direction)
    by_method = f"by {estimate.method} the derivative is {estimate.value:.9g}, give or take {estimate.error:.2g}"
    if missing.any():
        in_reach = abs(estimate.value) + estimate.error < format_of(x.dtype.name).max / 2
        return (np.inf if in_reach else 0.0), 0.0, f"entry {int(missing.argmax())} is not finite; {by_method}"
    rng = np.random.default_rng(0)
    beside = [wide * (1 + delta * rng.uniform(-1, 1, wide.shape)) for _ in range(2)]
    halved = [wide * 2.0**-k for k in (1, 2, 4)]
    spread = max(abs(value - estimate.value) for value in _estimates(call, beside, direction, estimate.value))
    typical = max(abs(value) for value in _estimates(call, halved, direction, estimate.value))
    terms = gradient.astype(np.float64) * direction
    allowed = ESTIMATES * (estimate.error + spread) + delta * (typical + float(np.abs(terms).sum()))
    note = f"<gradient, v> is {float(terms.sum()):.9g}; {by_method}"
    return abs(float(terms.sum()) - estimate.value), allowed + len(x) * format_of(x.dtype.name).tiny, note


def _estimates(call: Call, places: list[Array], v: Array, here: float) -> list[float]:
    """The estimates at these places, and the one that is known; where there is none, nothing is said."""
    estimates = [here]
    for place in places:
        with contextlib.suppress(NotEvaluable):
            estimates.append(directional.estimated(call.of_value, place, v).value)
    return estimates


def _evaluable(call: Call, x: Array, v: Array) -> bool:
    try:
        directional.enclosure(call.of_exact, x, v)
    except NotEvaluable:
        return False
    return True


def in_range(call: Call, x: Array, _v: Array, gradient: Array) -> Judged:
    """How many entries are not finite though their derivative is enclosed below half of the range, and 0."""
    wrong = 0
    with flint.ctx.workprec(directional.BITS[0]):
        for i in np.flatnonzero(~np.isfinite(gradient.astype(np.float64))).tolist():
            unit = (np.arange(len(x)) == i).astype(np.float64)
            wrong += _up(directional.enclosure(call.of_exact, x, unit)) < format_of(x.dtype.name).max / 2
    return float(wrong), 0.0, f"{wrong} entries are not finite, and the derivatives are"
