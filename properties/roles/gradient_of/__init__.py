"""The role gradient_of: a claimed gradient of a function f that is the user's too.

Nothing is known of f but f itself, so no bound on rounding can be derived: what is judged is whether the gradient is
one of f, to half the digits of its dtype. With delta = sqrt(u), a claim is accepted where it is, to delta relative in
each entry, the derivative at some point within delta abs(x) of x, or off by delta of the largest derivative on the way
from x to the origin: so much is allowed to a gradient that is evaluated in the usual ways. A wrong sign, a forgotten
term or factor is far outside. `identity` asks more: where both functions use nothing but arithmetic, they are compared
in rationals, with no tolerance.

f is evaluated on exact numbers where it can be (`properties.roles.gradient_of.directional`): then a refutation is a
proof. Where it can't be, `estimated` compares with a complex step or with extrapolated differences, and says that it is
no proof.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.model.property import Property, one
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles.gradient_of.gradient_judges import (
    answers,
    by_row,
    delta_of,
    in_balls,
    in_floats,
    in_range,
    in_rationals,
)
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import Arithmetic
from extremum.reference.truth import Truth

ROOM = 8  # bits that are left for sums, below the largest float


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


def beyond_exp(d: Draw) -> Array:
    """Numbers about the logarithm of the largest float, of either sign, beside ordinary ones."""
    edge = float(np.log(float(d.fmt.max)))
    sign = d.integers(-1, 1, each=True)
    return np.where(sign == 0, d.uniform(-3.0, 3.0, each=True), sign * edge * d.uniform(0.75, 1.5, each=True))


def any_size(d: Draw) -> Array:
    """Numbers of every size that the format has, of either sign; sums of some hundred of them are in range."""
    low, high = (int(np.log2(float(v))) for v in (d.fmt.tiny, d.fmt.max))
    sign, power = d.integers(0, 1, each=True) * 2 - 1, d.integers(low, high - ROOM, each=True)
    return np.asarray(sign * np.ldexp(d.uniform(1.0, 2.0, each=True), power))


REGIMES = (
    Regime("ordinary-point", ordinary, "Numbers between -3 and 3."),
    Regime("positive-point", positive, "Numbers between 1/8 and 4, for functions of positive numbers."),
    Regime("integer-point", whole, "Small integers, often zero or equal, where kinks lie."),
    Regime("large-point", large, "Numbers of up to a hundred, where an exponential of float32 overflows."),
    Regime("small-point", small, "Numbers of about a thousandth, where terms of higher order vanish."),
    Regime("exp-edge-point", beyond_exp, "Numbers about the logarithm of the largest float, where exp overflows."),
    Regime(
        "any-size-point",
        any_size,
        "Numbers of every size that the format has, but for the largest, whose sums overflow.",
    ),
)


def along(draw: Draw, arguments: Arguments) -> Case:
    """The points, and a direction for each: one coordinate, or all with signs of their own."""
    coordinate = np.arange(draw.n) == draw.integers(0, draw.n - 1)
    signs = draw.integers(0, 1, each=True) * 2 - 1
    v = np.where(draw.integers(0, 1) == 0, coordinate, signs)
    return Case({**arguments, "v": draw.fmt.round(np.broadcast_to(v, arguments["x"].shape))})


def alike(view: View) -> Measured:
    """The distance of the two gradients, NaN equal to NaN; sqrt(u) times the largest entry is allowed."""
    out, other = view.answer.astype(np.float64), np.asarray(view.observation.other, np.float64)
    same = (out == other) | (np.isnan(out) & np.isnan(other))
    top = np.nan_to_num(np.abs(other), posinf=0.0).max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(same, 0.0, np.nan_to_num(np.abs(out - other), nan=np.inf)), top * delta_of(view.fmt.name)


def judged(view: View) -> Measured:
    """What the judge of the property measured and allowed."""
    return view.observation.arguments["measured"], view.observation.arguments["allowed"]


def where_f_answers(prop: Property) -> Property:
    """The property, asked only of points that f takes."""

    def observe(call: Call, case: Case) -> Observation:
        if not all(answers(call, row) for row in case.arguments["x"] if np.isfinite(row.astype(np.float64)).all()):
            raise Declined("f does not answer")
        return prop.observation_of(call, case)

    return replace(prop, observe=observe, lengths="point", rows=3, on_sweep=_also(where_f_answers, prop))


def _also(change: Callable[[Property], Property], prop: Property) -> Property | None:
    return None if prop.on_sweep is None else change(prop.on_sweep)


def truth(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """No formula: f is the user's, and evaluated where it is asked. Raises TypeError."""
    raise TypeError(f"the exact gradient of an arbitrary f is not known in {arithmetic} at {list(arguments)}")


def error_bound(view: View) -> Any:
    """No bound: as `truth`."""
    return truth(view.observation.arguments, view.arithmetic)


def to_half_the_digits(prop: Property, code: str) -> Property:
    """The property that compares two answers, with a tolerance in place of a bound."""
    return replace(
        prop,
        code=code,
        statement=(
            "The same values get the same gradient, to half the digits, in whatever layout and after whatever calls."
        ),
        bound="No bound is known for an arbitrary gradient: allowed is sqrt(u) times its largest entry.",
        example="a gradient that reads memory without its strides sees other values in a reversed view.",
        fix="walk the strides, or copy with np.ascontiguousarray first; keep no state between calls.",
        measure=alike,
        source="",
        exact=True,
        unit="value",
        scale=one,
        on_sweep=_also(partial(to_half_the_digits, code=code), prop),
    )


judged_along = partial(
    Property,
    measure=judged,
    arrange=along,
    rows=5,
    lengths="point",
    exact=True,
    script=(
        "y, along = np.float64(f(x){pick}), np.float64(v{pick})",
        "got, expected = float(np.dot(y, along)), {derivative}",
        "allowed = {allowed} + {half_of_the_digits} * (np.abs(y * along).sum() + abs(expected))",
    ),
)
ROW_INDEPENDENCE, LAYOUT, *COUNTED = contract.BY_ROW
CONTRACT = (to_half_the_digits(ROW_INDEPENDENCE, "EX944"), to_half_the_digits(LAYOUT, "EX945"), *COUNTED)

ROLE = Role(
    name="gradient_of",
    call="f(x) -> (n,)",
    value="the gradient of the function that --of names",
    truth=truth,
    error_bound=error_bound,
    signature=Signature(batched=False),
    regimes=REGIMES,
    rows=20,
    longest=128,
    edged=False,
    contested=(),
    properties=(
        judged_along(
            name="finite",
            code="EX940",
            statement="The gradient is finite where the derivatives of f are enclosed and in range.",
            bound="""
                Every entry is judged whose derivative is proved to be below half of the largest finite value. None may
                be NaN or infinite.
            """,
            example="""
                exp(x) / (1 + exp(x)) of 89 in float32 is NaN, for f = log(1 + exp(x)), whose derivative there is 1.
            """,
            fix="take the exponential of what is at most zero.",
            observe=by_row(in_range),
            unit="outputs",
            severity="critical",
            script=("got, expected = bool(np.isfinite(f({args}).astype(float)).all()), True",),
        ),
        judged_along(
            name="identity",
            code="EX941",
            statement=(
                "In exact arithmetic the gradient's inner product with any direction is the derivative of f along it."
            ),
            bound="""
                Both functions are evaluated on rational numbers. Of a quadratic f the quotient (f(x + h v) - f(x - h
                v)) / (2 h) is the derivative for every h, and three very different steps agree; of another rational
                function the derivative is taken by the rules. Nothing is allowed: this judges the formula and not its
                rounding. Only where the two use constants of more than twenty bits, 0.1 or data, which may have been
                rounded apart, is half of float32's digits allowed, of the magnitudes of all terms and of the
                derivatives on the way to the origin. Inapplicable where one of the two is no rational function, or asks
                for floats.
            """,
            example="f = x @ A @ x and A @ x differ by 1/3 at x = [1/3, 0] along [0, 1] where A = [[0, 1], [0, 0]].",
            fix="derive the gradient again, one variable at a time.",
            observe=by_row(in_rationals),
            unit="value",
        ),
        judged_along(
            name="derivative",
            code="EX942",
            statement=(
                "The gradient's inner product with any direction is the derivative of f along it, to half the digits."
            ),
            bound="""
                The derivative is enclosed in ball arithmetic, at x and over all points within sqrt(u) abs(x) of it.
                Measured is the distance from the enclosure at x; allowed is how far the derivatives around lie from it,
                and sqrt(u) times the magnitudes of the terms and the largest derivative on the way from x to the
                origin: where a function saturates, a derivative that is tiny beside it may keep no digit. Inapplicable
                where f can't be evaluated on balls.
            """,
            example="""
                2 x sin(x), as where the inner derivative is forgotten, is 1.68 at x = 1 for f = sin(x^2), whose
                derivative there is 1.08.
            """,
            fix="derive the gradient again; compare it with what reverse differentiation gives for f.",
            observe=by_row(in_balls),
            unit="value",
        ),
        judged_along(
            name="estimated",
            code="EX943",
            statement=(
                "The gradient's inner product with any direction agrees with the estimated derivative of f along it."
            ),
            bound="""
                Asked where f can't be evaluated on exact numbers. The derivative is estimated in float64 by a complex
                step where that agrees with differences, and else by extrapolated differences with the error that their
                tableau shows. Allowed are ten times that error, and sqrt(u) times the derivative and the magnitudes of
                the terms. Entries of x are at most 100, or 2048 where the gradient is not finite: further out f may
                oscillate between the points of a difference. This is no proof: the estimate is one, and f may not be
                smooth.
            """,
            example="a gradient of zeros, as of a graph that was cut.",
            fix="write f with NumPy's functions and no conversion to float, so that its derivative can be enclosed.",
            observe=by_row(in_floats),
            unit="value",
            severity="medium",
            proof="an estimate, no proof",
        ),
        *map(where_f_answers, CONTRACT),
    ),
)
