"""The role descent_step: truth, bound and properties.

x - s g is one product and one difference. With u the unit roundoff and eta the smallest subnormal, by component:

| source | error |
|---|---|
| the product, rounded; and once more where s or g has another factor put in or taken out | (2 u + u^2) s abs(g) |
| underflow of the two | eta / 2 each |
| the difference, whose underflow is exact, rounded to either neighbour | 2 u times its own size |
| in all, with y = x - s g exact | E (1 + 2 u) + 2 u abs(y), with E = (2 u + u^2) s abs(g) + eta |

A fused multiply-add, which rounds once, is inside, and so is a difference that is rounded towards zero. A processor
that flushes takes x, g, s g and the answer for 0 where they are below the smallest normal: what that takes away is
`flush_cost`, and judged by `gradual_underflow` alone.
Everything is rational, so that refutations are decided in rational arithmetic. The steps tried are floats of the dtype,
so that rounding the step to it costs nothing, handed over as a Python float, or as a scalar of the dtype where a Python
float would promote its arrays, as it does with bfloat16 in NumPy. Steps that are no floats of the dtype are
contested: what a subject does there is described (`properties.contested.step_sizes`).
Source: N. J. Higham, "Accuracy and Stability of Numerical Algorithms" (2002), section 2.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.inputs.regimes import REGIMES, Regime
from extremum.properties.laws import contract
from extremum.properties.laws.measures import nonfinite
from extremum.properties.model.property import Property, alone, subnormal, ulp
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import RATIONALS, Arithmetic, where
from extremum.reference.truth import Columns, Truth

STEP_SIZES = (1.0, 0.5, 0.1, 0.01, 1e-3, 4.7)
ROOM = 64.0  # a gradient is at most the largest finite value over it, so that no step leaves the range
SHARES = (0.25, 0.5, 0.9, 1.1, 1.5, 1.9, 3.0)  # of half a spacing: where an update begins to count


def truth(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """x - s g, and as its part s g; both are functions of the columns wanted, since an entry depends on no other."""
    x, g, s = arguments["x"], arguments["gradient"], arithmetic.lift(arguments["step_size"][:, None])

    def update(columns: Columns) -> Any:
        return s * arithmetic.lift(g[:, columns])

    return Truth(lambda columns: arithmetic.lift(x[:, columns]) - update(columns), update)


def update_size(view: View) -> Any:
    """s abs(g), exactly, in the columns shown."""
    return abs(view.parts(view.columns))


def roundings(view: View) -> Any:
    """E: what rounding the product may be off, in the columns shown."""
    u = view.fmt.unit_roundoff
    return update_size(view) * view.arithmetic.constant(2 * u + u * u) + view.arithmetic.constant(view.fmt.eta)


def error_bound(view: View) -> Any:
    """The absolute error of a sound step by component, as derived above."""
    faithful = view.arithmetic.constant(2 * view.fmt.unit_roundoff)
    e = roundings(view)
    return e + (e + abs(view.exact)) * faithful


def flush_cost(view: View) -> Any:
    """What flushing x, g, s g and the answer to zero takes away, in the columns shown; 0 where all are normal."""
    tiny, update, y = view.fmt.tiny, update_size(view), abs(view.exact)
    x, g = (np.abs(view.observation.arguments[a][:, view.columns].astype(np.float64)) for a in ("x", "gradient"))
    normal = (g >= tiny) & (view.narrow(update) >= tiny * (1 + 2 * view.fmt.unit_roundoff))
    kept = (view.answer[:, view.columns] != 0) | (view.narrow(y) >= 2 * tiny)
    return where(x >= tiny, 0, abs(view.arithmetic.lift(x))) + where(normal, 0, update) + where(kept, 0, y)


def nan_kept(view: View) -> Measured:
    """1 for each entry that swallows a NaN or an infinity of x or of the gradient; none is allowed."""
    x, g = (view.observation.arguments[name].astype(np.float64) for name in ("x", "gradient"))
    swallowed = (np.isnan(x) | np.isnan(g)) & ~np.isnan(view.answer.astype(np.float64))
    return np.where(swallowed | (~(np.isfinite(x) & np.isfinite(g)) & np.isfinite(view.answer)), 1.0, 0.0), 0.0


def with_holes(draw: Draw, arguments: Arguments) -> Case:
    """The rows, with NaN or an infinity at one place of x or of the gradient."""
    value = draw.one_of([np.nan, *([np.inf, -np.inf] if draw.fmt.has_infinity else [])])
    name = draw.one_of(("gradient", "x"))
    place = np.arange(draw.n) == draw.integers(0, draw.n - 1)
    return Case({**arguments, name: np.where(place, draw.fmt.dtype.type(value), arguments[name])})


def observe_or_decline(call: Call, case: Case) -> Observation:
    """One call on each row; a subject that raises has swallowed nothing."""
    try:
        return alone(call, case)
    except Misbehaviour as error:
        if str(error).startswith("raises "):
            raise Declined(str(error)) from error
        raise


def zero_gradient(view: View) -> Measured:
    """1 for each entry that is not x, nor zero for a subnormal x; none is allowed."""
    x = view.observation.x
    kept = (view.answer == x) | ((view.answer == 0) & (np.abs(x.astype(np.float64)) < view.fmt.tiny))
    return np.where(kept, 0.0, 1.0), 0.0


def without_gradient(draw: Draw, arguments: Arguments) -> Case:
    """The rows, with a gradient of zeros of either sign."""
    zeros = draw.fmt.round(pick(draw, [0.0, -0.0], each=True))
    return Case({**arguments, "gradient": np.ascontiguousarray(np.broadcast_to(zeros, arguments["x"].shape))})


def accuracy(view: View) -> Measured:
    """The error of each entry; the error bound and the cost of flushes are allowed."""
    return view.error(abs(view.out - view.exact)), view.error_bound + flush_cost(view)


def gradual_underflow(view: View) -> Measured:
    """The error of each entry that flushing explains, 0 elsewhere; the error bound is allowed."""
    error = abs(view.out - view.exact)
    elsewhere = view.wrong_nonfinite | (view.narrow(error) > view.narrow(view.error_bound + flush_cost(view)))
    return where(elsewhere, 0, error), view.error_bound


def update_kept(view: View) -> Measured:
    """The size of each update that left x as it was; half a spacing, E and the cost of flushes are allowed."""
    out, x = view.answer[:, view.columns], view.observation.x[:, view.columns]
    lost = where(np.asarray(out != x), 0.0, update_size(view))
    half = view.arithmetic.lift(view.at(spacing(view.fmt, view.observation.x))) * view.arithmetic.constant(0.5)
    return lost, half + roundings(view) + flush_cost(view)


def spacing(fmt: Format, x: Array) -> Array:
    """The spacing of the format's floats at x, in its binade, as float64 of the same shape."""
    x = np.maximum(np.abs(x.astype(np.float64)), fmt.tiny)
    return np.asarray(np.ldexp(1.0, np.frexp(x)[1] - fmt.precision))


def half_spacing(view: View) -> Array:
    """The unit of an update that may be lost, shape (rows, n); at least the smallest subnormal of float64."""
    return np.maximum(spacing(view.fmt, view.observation.x) / 2, np.finfo(np.float64).smallest_subnormal)


def nothing(view: View) -> Any:
    """No update at all may be lost."""
    return 0.0 * update_size(view)


def lost_by_rounding(view: View) -> Any:
    """What `update_kept` allows."""
    return update_kept(view)[1]


Gradient = Callable[[Draw, Array, Array], Array]


def _ordinary(d: Draw, _x: Array, _s: Array) -> Array:
    return d.uniform(-10.0, 10.0, each=True)


def _anywhere(d: Draw, _x: Array, _s: Array) -> Array:
    top = d.fmt.largest_ordinal
    return d.fmt.from_ordinal(d.integers(-top, top, each=True)).astype(np.float64)


def _about_half_a_spacing(d: Draw, x: Array, s: Array) -> Array:
    exactly = np.arange(d.n) == d.integers(0, d.n - 1)  # a tie in one entry: the screen cannot tell which side it is on
    share = np.where(exactly, 1.0, pick(d, SHARES, each=True)) * pick(d, [1.0, -1.0], each=True)
    return spacing(d.fmt, x) / 2 / s * share


def _landing_near_zero(d: Draw, x: Array, s: Array) -> Array:
    within = d.fmt.max / ROOM * s  # of a small step, no gradient that is in range lands from farther away
    return d.fmt.step(np.clip(x, -within, within) / s, d.integers(-2, 2, each=True)).astype(np.float64)


def _subnormal(d: Draw, _x: Array, _s: Array) -> Array:
    return d.integers(-64, 64, each=True) * d.fmt.eta


def points_gradients_and_steps(draw: Draw, regime: Regime) -> Arguments:
    """Rows of points `x`, a `gradient` for each, and a `step_size` of the dtype for each row."""
    x = np.clip(regime.fill(draw).astype(np.float64), -draw.fmt.max / 4, draw.fmt.max / 4)
    any_size = np.exp2(draw.uniform(-20.0, 2.5))
    step_size = np.where(draw.integers(0, 1) == 0, pick(draw, STEP_SIZES), any_size)
    s = draw.fmt.round(np.broadcast_to(step_size, (draw.rows, 1)))
    kind: Gradient = draw.one_of((_ordinary, _anywhere, _about_half_a_spacing, _landing_near_zero, _subnormal))
    top = draw.fmt.max / ROOM
    g = np.clip(kind(draw, x, s.astype(np.float64)), -top, top)
    return {
        "x": draw.fmt.round(x),
        "gradient": np.ascontiguousarray(np.broadcast_to(draw.fmt.round(g), x.shape)),
        "step_size": np.ascontiguousarray(s[:, 0]),
    }


def steps_stay_in_range(arguments: Arguments, fmt: Format) -> Array:
    """Rows (a mask) in which x and s g are at most a quarter of the largest finite value, and s rounds to a float.

    A step size that the format has not is rounded at a relative cost of u, which is the other factor of the table:
    unless it is below the smallest normal, where rounding may cost all of it.
    """
    x, g = (np.abs(arguments[name].astype(np.float64)) / fmt.max for name in ("x", "gradient"))
    s = np.abs(arguments["step_size"].astype(np.float64))
    with np.errstate(over="ignore", invalid="ignore"):
        small = (x <= 1 / 4).all(axis=-1) & (s[:, None] * g <= 1 / 4).all(axis=-1)
        normal = ((s >= fmt.tiny) & (s <= fmt.max)) | (fmt.round(s).astype(np.float64) == s)
    return np.asarray(small & normal)


OF_POINTS = ("all-equal", "ordinary", "any-finite", "near-ties", "largest", "signed-zeros", "subnormal-inputs")

ROLE = Role(
    name="descent_step",
    call="f(x, gradient, step_size) -> (n,)",
    value="x - step_size * gradient",
    truth=truth,
    error_bound=error_bound,
    signature=Signature(inputs={"x": 1, "gradient": 1, "step_size": 0}, batched=False),
    arguments=points_gradients_and_steps,
    rows=28,
    bounded=True,
    derived_for=steps_stay_in_range,
    certifier=RATIONALS,
    contested=("step-below-range", "step-between-floats", "step-above-range"),
    regimes=tuple(REGIMES[name] for name in OF_POINTS),
    properties=(
        Property(
            name="finite",
            code="EX1301",
            statement="No output is NaN or infinite.",
            bound="""
                x is at most a quarter of the largest finite value and s g a tenth, so that neither the product nor the
                difference leaves the range: none is allowed.
            """,
            example="""
                a gradient of 1e20 in float32, scaled by its own norm and back, is 1e20 / inf * inf, which is NaN.
            """,
            fix="""compute x - step_size * gradient as it stands; where a norm is wanted, scale by the largest magnitude
            before squares are summed.""",
            measure=nonfinite,
            source=__name__,
            unit="outputs",
            severity="critical",
            exact=True,
        ),
        Property(
            name="nan_kept",
            code="EX1302",
            statement=(
                "An entry whose x or gradient is NaN comes out NaN, and one where either is infinite does not come out "
                "finite."
            ),
            bound="""
                x - s g has no other value there. A step that swallows them trains on with a model that is broken
                already. Refusing such an input is no finding; what the other entries get is not judged here.
            """,
            example="np.nan_to_num(gradient) leaves the entry where it was.",
            fix="""
                let NaN through, or raise. The usual causes: nan_to_num; a step that is skipped where the gradient
                overflowed; a clip by np.fmax and np.fmin, which drop NaN.
            """,
            measure=nan_kept,
            unit="entries",
            script=(
                "try:",
                "    y = f({args})",
                "except Exception:  # to refuse such an input is right too",
                "    y = np.full(np.shape(x), np.nan)",
                "got = 'NaN' if np.isnan(y{at}) else 'infinite' if np.isinf(y{at}) else 'finite'",
                "expected = 'NaN' if np.isnan(x{at}) or np.isnan(gradient{at}) or got == 'NaN' else 'infinite'",
            ),
            arrange=with_holes,
            observe=observe_or_decline,
            severity="critical",
            lengths="few",
            exact=True,
        ),
        Property(
            name="zero_gradient",
            code="EX1303",
            statement="A zero gradient leaves x as it is.",
            bound="""
                s * 0 is 0 and x - 0 is x, both exactly: nothing is allowed but another sign of zero, and zero for a
                subnormal x, which `gradual_underflow` judges.
            """,
            example="x - s g / norm(g), the normalised step, is x - 0 / 0, which is NaN.",
            fix="""
                add a floor to the norm. Other causes: weight decay, which the role knows nothing of; momentum from
                earlier steps; x scaled by 1 / s and back.
            """,
            measure=zero_gradient,
            unit="entries",
            script=("got, expected = float(f({args}){at}), float(x{at})", "allowed = {flush}"),
            arrange=without_gradient,
            lengths="moderate",
            exact=True,
        ),
        Property(
            name="accuracy",
            code="EX1305",
            statement="Every entry is as close to x - s g as a sound step comes.",
            bound="""
                Allowed: E (1 + 2 u) + 2 u abs(x - s g), with E = (2 u + u^2) s abs(g) + eta, so that either float
                beside the exact value is right (`properties.roles.descent_step` derives it). It is relative to the
                result and the update, not to x: where a step lands near zero the update's own rounding is allowed and
                no more.
            """,
            example="x + s g, the ascent, of x = 1, g = 1, s = 1/2 is 3/2 for 1/2.",
            fix="""
                x - step_size * gradient in the dtype of x. Other causes: a rate or weights kept in fewer bits; the tail
                of a vector left out; a gradient that is clipped, averaged or of the step before.
            """,
            measure=accuracy,
            unit="ulp",
            scale=ulp,
        ),
        Property(
            name="update_kept",
            code="EX1306",
            statement="An update that is larger than half a spacing of floats at x moves x.",
            bound="""
                Where the answer is x itself, s abs(g) is measured, and half the spacing at x is allowed: a smaller
                update is rightly rounded away. To that comes what is flushed, and E, the rounding of the product, which
                may make a little less of an update that is a little larger. `accuracy` allows u abs(x), up to twice as
                much, and so does not see what is lost here. The grade says whether any update stagnated, that is was
                lost below half a spacing: it is no finding, since no step in the dtype of x can keep it, but training
                that relies on such updates stands still.
            """,
            example="""
                a step that skips updates below u abs(x) leaves x = 1.75 in float32 where s g = 1e-7, which is 0.84 of
                the spacing 2**-23.
            """,
            fix="""
                leave the comparison out: the rounding of the difference decides. Where smaller updates matter, keep the
                weights in a wider dtype, or the lost part in a second array (Kahan).
            """,
            measure=update_kept,
            unit="half ulp",
            scale=half_spacing,
            grades={"no update lost": nothing, "stagnates below half an ulp": lost_by_rounding},
            script=(
                "got, expected = float(f({args}){at} != x{at}), 1.0  # whether x moved",
                "allowed = 0.0",
            ),
        ),
        Property(
            name="gradual_underflow",
            code="EX1307",
            statement="What is below the smallest normal is rounded, not flushed to zero.",
            bound="""
                Judged where x, g, s g or the answer is below the smallest normal and the error is no more than flushing
                them takes away: any other error is one of `accuracy`, whose error bound is what is allowed. Severity is
                low: processors and compilers flush on purpose, for speed.
            """,
            example="with flushing on, x = 1e-39 in float32 becomes 0 at a zero gradient.",
            fix="leave out -ffast-math and flush-to-zero mode, or say that updates below 1e-38 are dropped.",
            measure=gradual_underflow,
            unit="ulp",
            scale=subnormal,
            severity="low",
        ),
        *contract.BY_ROW,
    ),
)
