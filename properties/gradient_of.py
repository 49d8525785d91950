"""The role gradient_of: a claimed gradient of a function f that is the user's too.

Nothing is known of f but f itself, so no bound on rounding can be derived: what is judged is whether the gradient is
one of f, to half the digits of its dtype. With delta = sqrt(u), a claim is accepted where it is, to delta relative in
each entry, the derivative at some point within delta abs(x) of x, or off by delta of the largest derivative on the way
from x to the origin: so much is allowed to a gradient that is evaluated in the usual ways. A wrong sign, a forgotten
term or factor is far outside. `identity` asks more: where both functions use nothing but arithmetic, they are compared
in rationals, with no tolerance.

f is evaluated on exact numbers where it can be (`properties.directional`): then a refutation is a proof. Where it can't
be, `estimated` compares with a complex step or with extrapolated differences, and says that it is no proof.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import flint
import numpy as np

from extremum.properties import contract, directional
from extremum.properties.call import Call, Declined
from extremum.properties.case import Case
from extremum.properties.directional import NotEvaluable
from extremum.properties.draw import Draw, pick
from extremum.properties.regimes import Regime
from extremum.properties.role import Observation, Property, Role, View
from extremum.properties.signature import Arguments, Signature
from extremum.reference.formats import Array, format_of
from extremum.reference.jets import Jet, jets, long_constants
from extremum.reference.truth import Truth
from extremum.reference.wide import Arithmetic, nearest_float

CONSTANTS = 2.0**-12  # relative, that constants of f and of its gradient may have been rounded apart: float32 and less
ESTIMATES = 10  # times its estimate that an estimated derivative is trusted to be off


def ordinary(d: Draw) -> Array:
    """Numbers between -3 and 3."""
    return d.uniform(-3.0, 3.0, each=True)


def positive(d: Draw) -> Array:
    """Numbers between 1/8 and 4, for functions of positive numbers."""
    return d.uniform(0.125, 4.0, each=True)


def whole(d: Draw) -> Array:
    """Small integers, often zero or equal, where kinks lie."""
    return d.integers(-4, 4, each=True).astype(np.float64)


def large(d: Draw) -> Array:
    """Numbers of up to a hundred, where an exponential of float32 overflows."""
    return d.uniform(-1.0, 1.0, each=True) * pick(d, [30.0, 100.0])


def small(d: Draw) -> Array:
    """Numbers of about a thousandth, where terms of higher order vanish."""
    return d.uniform(-1.0, 1.0, each=True) * 2.0**-10


REGIMES = tuple(
    Regime(name, fill)
    for name, fill in (
        ("ordinary-point", ordinary),
        ("positive-point", positive),
        ("integer-point", whole),
        ("large-point", large),
        ("small-point", small),
    )
)


def along(draw: Draw, arguments: Arguments) -> Case:
    """The points, and a direction for each: one coordinate, or all with signs of their own."""
    coordinate = np.arange(draw.n) == draw.integers(0, draw.n - 1)
    signs = draw.integers(0, 1, each=True) * 2 - 1
    v = np.where(draw.integers(0, 1) == 0, coordinate, signs)
    return Case({**arguments, "v": draw.fmt.round(np.broadcast_to(v, arguments["x"].shape))})


def identity(view: View) -> tuple[Any, Any]:
    """In exact arithmetic the gradient's inner product with any direction is the derivative of f along it.

    Both functions are evaluated on rational numbers. Of a quadratic f the quotient (f(x + h v) - f(x - h v)) / (2 h)
    is the derivative for every h, and three very different steps agree; of another rational function the derivative is
    taken by the rules. Nothing is allowed: this judges the formula and not its rounding. Only where the two use
    constants of more than twenty bits, 0.1 or data, which may have been rounded apart, is half of float32's digits
    allowed, of the magnitudes of all terms and of the derivatives on the way to the origin. Inapplicable where one of
    the two is no rational function, or asks for floats.

    Example: f = x @ A @ x and A @ x differ by 1/3 at x = [1/3, 0] along [0, 1] where A = [[0, 1], [0, 0]].

    Fix: derive the gradient again, one variable at a time.
    """
    return _measured(view)


def enclosed(view: View) -> tuple[Any, Any]:
    """The gradient's inner product with any direction is the derivative of f along it, to half the digits.

    The derivative is enclosed in ball arithmetic, at x and over all points within sqrt(u) abs(x) of it. Measured is the
    distance from the enclosure at x; allowed is how far the derivatives around lie from it, and sqrt(u) times the
    magnitudes of the terms and the largest derivative on the way from x to the origin: where a function saturates, a
    derivative that is tiny beside it may keep no digit. Inapplicable where f can't be evaluated on balls.

    Example: 2 x sin(x), as where the inner derivative is forgotten, is 1.68 at x = 1 for f = sin(x^2), whose derivative
    there is 1.08.

    Fix: derive the gradient again; compare it with what reverse differentiation gives for f.
    """
    return _measured(view)


def estimated(view: View) -> tuple[Any, Any]:
    """The gradient's inner product with any direction agrees with the estimated derivative of f along it.

    Asked where f can't be evaluated on exact numbers. The derivative is estimated in float64 by a complex step where
    that agrees with differences, and else by extrapolated differences with the error that their tableau shows. Allowed
    are ten times that error, and sqrt(u) times the derivative and the magnitudes of the terms. This is no proof: the
    estimate is one, and f may not be smooth.

    Example: a gradient of zeros, as of a graph that was cut.

    Fix: write f with NumPy's functions and no conversion to float, so that its derivative can be enclosed.
    """
    return _measured(view)


def finite(view: View) -> tuple[Any, Any]:
    """The gradient is finite where the derivatives of f are enclosed and in range.

    Every entry is judged whose derivative is proved to be below half of the largest finite value. None may be NaN or
    infinite.

    Example: exp(x) / (1 + exp(x)) of 89 in float32 is NaN, for f = log(1 + exp(x)), whose derivative there is 1.

    Fix: take the exponential of what is at most zero.
    """
    return _measured(view)


def alike(view: View) -> tuple[Any, Any]:
    """The same values get the same gradient, to half the digits, in whatever layout and after whatever calls.

    No bound is known for an arbitrary gradient: allowed is sqrt(u) times its largest entry.

    Example: a gradient that reads memory without its strides sees other values in a reversed view.

    Fix: walk the strides, or copy with np.ascontiguousarray first; keep no state between calls.
    """
    out, other = view.answer.astype(np.float64), np.asarray(view.observation.other, np.float64)
    same = (out == other) | (np.isnan(out) & np.isnan(other))
    top = np.nan_to_num(np.abs(other), posinf=0.0).max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(same, 0.0, np.nan_to_num(np.abs(out - other), nan=np.inf)), top * _delta(view.fmt.name)


def _measured(view: View) -> tuple[Any, Any]:
    return view.observation.arguments["measured"], view.observation.arguments["allowed"]


def _delta(dtype: str) -> float:
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
        out, judged, reason, told = np.zeros(x.shape, x.dtype), 0, "", {}
        for r in range(len(x)):
            try:
                directional.value(_floating(call), x[r].astype(np.float64))  # nothing is asked where f is not finite
                out[r] = call.answer({"x": x[r]}).astype(x.dtype)
                measured[r, 0], allowed[r, 0], told[r] = judge(call, x[r], v[r], out[r])
                judged += 1
            except NotEvaluable as error:
                reason = str(error)
        if not judged:
            raise Declined(reason)
        beyond = [r for r in told if measured[r, 0] > allowed[r, 0]]
        note = told[beyond[0]] if beyond else ""
        return Observation({"x": x, "v": v, "measured": measured, "allowed": allowed}, out, note=note)

    return observe


def _answers(call: Call, x: Array) -> bool:
    """Whether f takes x: of a point where it raises, or has no finite value, nothing can be asked."""
    try:
        directional.value(_floating(call), x.astype(np.float64))
    except NotEvaluable:
        return False
    return True


def _exact(call: Call) -> directional.Function:
    assert call.subject.of is not None
    return call.subject.of


def _floating(call: Call) -> directional.Function:
    f, adapter = _exact(call), call.subject.adapter

    def value(x: Array) -> Any:
        answer = f(adapter.give(np.array(x)))
        return answer if isinstance(answer, (int, float, complex)) else adapter.take(answer)

    return value


def in_rationals(call: Call, x: Array, v: Array, _gradient: Array) -> Judged:
    """abs(<df(x), v> - derivative) in rationals, and what constants may have been rounded by."""
    long_constants.clear()
    place, direction = directional.rationals(x), directional.rationals(v)
    derivative = directional.quotient(_exact(call), place, direction)
    claimed = _on_rationals(call, place)
    zero = flint.fmpq(0)
    gap = sum((g * d for g, d in zip(claimed, direction, strict=True)), zero) - derivative
    terms = [abs(nearest_float(g * d)) for g, d in zip(claimed, direction, strict=True)]
    claim, exact = nearest_float(derivative + gap), nearest_float(derivative)
    told = f"<gradient, v> is {claim:.6g} in rationals, the derivative {exact:.6g}"
    if not long_constants:
        return abs(nearest_float(gap)), 0.0, told
    return abs(nearest_float(gap)), CONSTANTS * (sum(terms) + _scale(call, x, v)), told


def _on_rationals(call: Call, place: list[Any]) -> list[Any]:
    argument = jets(place, [flint.fmpq(0)] * len(place))
    try:
        answer = np.asarray(call.subject.function(argument))
    except Exception as error:
        raise NotEvaluable(f"the gradient raises {type(error).__name__} for rationals") from error
    entries = answer.ravel().tolist()
    if answer.shape != argument.shape or not all(isinstance(entry, (Jet, int, float)) for entry in entries):
        raise NotEvaluable("the gradient is no array of rationals for rationals")
    plain = Jet(flint.fmpq(0), flint.fmpq(0))
    return [(plain + entry).value for entry in entries]


def in_balls(call: Call, x: Array, v: Array, gradient: Array) -> Judged:
    """A lower bound of the distance of <gradient, v> from the derivative, and an upper bound of what is allowed."""
    if not np.isfinite(gradient.astype(np.float64)).all():
        raise NotEvaluable("the gradient is not finite: property finite judges it")
    f, delta = _exact(call), _delta(x.dtype.name)
    before = flint.ctx.prec
    try:
        here, around = directional.enclosure(f, x, v), directional.enclosure(f, x, v, delta)
        claimed, magnitude = (
            sum((flint.arb(g) * flint.arb(d) for g, d in pairs), flint.arb(0))
            for pairs in (_pairs(gradient, v), _pairs(np.abs(gradient), np.abs(v)))
        )
        typical = flint.arb(directional.scale(f, x.astype(np.float64), v))
        allowed = abs(around - here) + (typical + magnitude) * delta + len(x) * format_of(x.dtype.name).tiny
        told = f"<gradient, v> is {float(claimed.mid()):.9g}, the derivative {here.str(12)}"
        return _down(abs(claimed - here)), _up(allowed), told
    finally:
        flint.ctx.prec = before


def _scale(call: Call, x: Array, v: Array) -> float:
    before = flint.ctx.prec
    try:
        return directional.scale(_exact(call), x.astype(np.float64), v)
    finally:
        flint.ctx.prec = before


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
    wide, direction, delta = x.astype(np.float64), v.astype(np.float64), _delta(x.dtype.name)
    missing = ~np.isfinite(gradient.astype(np.float64))
    if missing.any():
        direction = (np.arange(len(x)) == int(missing.argmax())).astype(np.float64)
    found = directional.estimated(_floating(call), wide, direction)
    told = f"by {found.method} the derivative is {found.value:.9g}, give or take {found.error:.2g}"
    if missing.any():
        in_reach = abs(found.value) + found.error < format_of(x.dtype.name).max / 2
        return (np.inf if in_reach else 0.0), 0.0, f"entry {int(missing.argmax())} is not finite; {told}"
    rng = np.random.default_rng(0)
    beside = [wide * (1 + delta * rng.uniform(-1, 1, wide.shape)) for _ in range(2)]
    halved = [wide * 2.0**-k for k in (1, 2, 4)]
    spread = max(abs(value - found.value) for value in _estimates(call, beside, direction, found.value))
    typical = max(abs(value) for value in _estimates(call, halved, direction, found.value))
    terms = gradient.astype(np.float64) * direction
    allowed = ESTIMATES * (found.error + spread) + delta * (typical + float(np.abs(terms).sum()))
    told = f"<gradient, v> is {float(terms.sum()):.9g}; {told}"
    return abs(float(terms.sum()) - found.value), allowed + len(x) * format_of(x.dtype.name).tiny, told


def _estimates(call: Call, places: list[Array], v: Array, here: float) -> list[float]:
    """The estimates at these places, and the one that is known; where there is none, nothing is said."""
    found = [here]
    for place in places:
        with contextlib.suppress(NotEvaluable):
            found.append(directional.estimated(_floating(call), place, v).value)
    return found


def _evaluable(call: Call, x: Array, v: Array) -> bool:
    before = flint.ctx.prec
    try:
        directional.enclosure(_exact(call), x, v)
    except NotEvaluable:
        return False
    finally:
        flint.ctx.prec = before
    return True


def in_range(call: Call, x: Array, _v: Array, gradient: Array) -> Judged:
    """How many entries are not finite though their derivative is enclosed below half of the range, and 0."""
    wrong = 0
    before = flint.ctx.prec
    try:
        for i in np.flatnonzero(~np.isfinite(gradient.astype(np.float64))).tolist():
            unit = (np.arange(len(x)) == i).astype(np.float64)
            wrong += _up(directional.enclosure(_exact(call), x, unit)) < format_of(x.dtype.name).max / 2
    finally:
        flint.ctx.prec = before
    return float(wrong), 0.0, f"{wrong} entries are not finite, and the derivatives are"


def where_f_answers(prop: Property) -> Property:
    """The property, asked only of points that f takes."""

    def observe(call: Call, case: Case) -> Observation:
        if not all(_answers(call, row) for row in case.arguments["x"] if np.isfinite(row.astype(np.float64)).all()):
            raise Declined("f does not answer")
        return prop.observe(call, case)

    return replace(prop, observe=observe, lengths="point", rows=3)


def truth(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """No formula: f is the user's, and evaluated where it is asked. Raises TypeError."""
    raise TypeError(f"the exact gradient of an arbitrary f is not known in {arithmetic} at {list(arguments)}")


def allowance(view: View) -> Any:
    """No bound: as `truth`."""
    return truth(view.observation.arguments, view.arithmetic)


def _judged(name: str, code: str, measure: Any, judge: Judge, unit: str = "value", severity: str = "high") -> Property:
    return Property(
        name,
        code,
        measure,
        unit=unit,
        arrange=along,
        observe=by_row(judge),
        severity=severity,
        rows=5,
        lengths="point",
        exact=True,
        script=("print(np.dot(np.float64(f(x)), np.float64(v)))",),
    )


def _contract() -> tuple[Property, ...]:
    rows, layout, *counted = contract.BY_ROW
    compared = [
        replace(prop, code=code, measure=alike, exact=True, unit="value", scale=_plain)
        for prop, code in ((rows, "EX944"), (layout, "EX945"))
    ]
    return tuple(where_f_answers(p) for p in (*compared, *counted))


def _plain(_view: View) -> Array:
    return np.ones((1, 1))


ROLE = Role(
    name="gradient_of",
    call="f(x) -> (n,)",
    value="the gradient of the function that --of names",
    truth=truth,
    allowance=allowance,
    signature=Signature(batched=False),
    regimes=REGIMES,
    rows=20,
    longest=128,
    edged=False,
    contested=(),
    properties=(
        _judged("finite", "EX940", finite, in_range, "outputs", "critical"),
        _judged("identity", "EX941", identity, in_rationals),
        _judged("derivative", "EX942", enclosed, in_balls),
        replace(_judged("estimated", "EX943", estimated, in_floats, severity="medium"), proof="an estimate, no proof"),
        *_contract(),
    ),
)
