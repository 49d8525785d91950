"""EX109 monotone."""

from __future__ import annotations

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.model.property import Property
from extremum.properties.model.rounding import EXP_ERROR, gap_roundings
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles.softmax.bounds import SCALINGS, gradual, rescaling
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.wide import where


def measure(view: View) -> Measured:
    """By how much an output falls from one input to the next larger; allowed are two exps, gaps and scalings."""
    upper, lower = view.out, view.other
    u = view.fmt.unit_roundoff
    t = 2 * (EXP_ERROR[view.fmt.name] + SCALINGS) * u - view.at(view.parts.capped_gap) * (
        2 * gap_roundings(view.fmt) * u
    )
    if view.full_bound:
        t = t + rescaling(view, view.columns) * 2.0
    drop = where(view.wrong_nonfinite, 0.0, upper - lower)
    return drop, t * (t + 1.0) * abs(upper) + 2 * gradual(view.fmt)


def observe(call: Call, case: Case) -> Observation:
    """Pairs of neighbours in the order of x: `out` belongs to the smaller input, `other` to the next.

    Among equal inputs the larger output comes first, so that their disagreement shows as a drop.
    """
    x, out = case.x, call.rows(case.arguments)
    order = np.lexsort((-out.astype(np.float64), x.astype(np.float64)), axis=-1)
    x, out = np.take_along_axis(x, order, -1), np.take_along_axis(out, order, -1)
    nan = np.isnan(out[:, :-1]) | np.isnan(out[:, 1:])
    lower = np.concatenate([np.where(nan, out[:, :-1], out[:, 1:]), out[:, -1:]], axis=-1)
    return Observation({"x": x}, out, lower)


PROPERTY = Property(
    name="monotone",
    code="EX109",
    statement="A larger input has no smaller output, and equal inputs have equal outputs, up to rounding.",
    bound="""Entries are compared in the order of x, neighbours with each other. Both are scaled by the same S, so
    its error cancels; what is left is that of two exps, two gaps and two scalings: allowed is 2 (r_e + (g D + 2) u)
    relative (g of `properties.roles.softmax.bounds`), what a running maximum does to either, and twice the steps of
    gradual underflow. No exp in use is monotone to the last bit, and a vectorised one may differ from the scalar
    one at a row's end. NaN is judged by `finite`.""",
    example="""returned in descending order, softmax of [0, 1] is [0.731, 0.269]: the smaller input has the larger
    output.""",
    fix="""put outputs that were sorted back into the order of the inputs; let the pieces of an approximation of exp
    meet where they join. The usual causes: outputs returned in sorted order; a piecewise approximation of exp.""",
    measure=measure,
    unit="value",
    observe=observe,
    beside="for the next larger entry",
    severity="medium",
    lengths="moderate",
    script=(
        "row, y = x{pick}.astype(float), f(x.copy()){pick}.astype(float)",
        "smaller, larger = np.lexsort((-y, row))[{column} : {column} + 2]",
        "got = float(y[larger])",
        "expected = max(got, float(y[smaller]))  # what a smaller input gets",
    ),
)
