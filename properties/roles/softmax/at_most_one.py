"""EX103 at_most_one."""

from __future__ import annotations

import numpy as np

from extremum.properties.model.property import Property
from extremum.properties.model.view import Measured, View


def measure(view: View) -> Measured:
    """By how much each output exceeds 1, 0 for NaN; nothing is allowed."""
    out = np.nan_to_num(np.asarray(view.answer, np.float64), nan=0.0)
    return np.maximum(out - 1.0, 0.0), 0.0


PROPERTY = Property(
    name="at_most_one",
    code="EX103",
    statement="No output exceeds one.",
    bound="""A rounded sum of nonnegative terms is at least its largest term, whatever the order, and a correctly
    rounded quotient of e_j <= S is at most 1, since rounding is monotone and 1 is a float; e_j times the rounded
    reciprocal of S is at most 1 by the same argument and ties to even. So nothing is allowed. Severity is low
    where the excess is within the error bound of `accuracy`. NaN is judged by `finite`.""",
    example="with y = logsumexp(x) stored in bfloat16, exp(x - y) of [100.25] is exp(0.25) = 1.28, since y is 100.",
    fix="""divide by the sum of the very exps that are returned. The usual causes: exp(x - y) with a rounded y,
    whose exponent may come out above zero; a sum that lacks an entry or is narrower than its terms; a maximum that
    is not the one that was subtracted.""",
    measure=measure,
    unit="value",
    exact=True,
    script=("got = float(f({args}){at})", "expected = min(got, 1.0)", "allowed = 0.0"),
    petty=lambda view: view.error_bound,
)
