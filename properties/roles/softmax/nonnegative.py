"""EX102 nonnegative."""

from __future__ import annotations

import numpy as np

from extremum.properties.model.property import Property
from extremum.properties.model.view import Measured, View


def measure(view: View) -> Measured:
    """By how much each output is below 0, 0 for NaN; nothing is allowed."""
    out = np.nan_to_num(np.asarray(view.answer, np.float64), nan=0.0)
    return np.maximum(-out, 0.0), 0.0


PROPERTY = Property(
    name="nonnegative",
    code="EX102",
    statement="No output is negative.",
    bound="""exp is positive, a sum of nonnegative terms is nonnegative under any rounding, and so is their
    quotient: nothing is allowed. A zero is no violation (the exact value may underflow), nor is -0; NaN is judged
    by `finite`.""",
    example="with 1 + x + x**2/2 + x**3/6 in place of exp, -2 gets -1/3, and softmax of [0, -2] is [1.5, -0.5].",
    fix="""reduce the argument to k log 2 + r before a polynomial, with abs(r) at most log(2) / 2, and scale by
    2**k. The usual cause is a polynomial for exp outside the interval that it was fitted on; the other is the
    logarithm, returned in place of the probability.""",
    measure=measure,
    unit="value",
    exact=True,
    script=("got = float(f({args}){at})", "expected = max(got, 0.0)", "allowed = 0.0"),
)
