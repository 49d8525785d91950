"""EX104 sum_to_one."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.model.property import Property, roundoff
from extremum.properties.model.rounding import additions
from extremum.properties.model.view import Measured, View
from extremum.properties.roles.softmax.bounds import rescaling, sum_error
from extremum.reference.arithmetic.wide import where


def measure(view: View) -> Measured:
    """How far the sum of each row is from 1, infinite where an output is not finite; allowed is `sum_error`."""
    measured = where(np.asarray(view.wrong_nonfinite.any(axis=-1, keepdims=True)), np.inf, abs(view.total - 1.0))
    allowed: Any = np.full((len(view.observation.x), 1), sum_error(view.fmt, view.n, additions(view.fmt, view.n)))
    return measured, rescaling(view) + allowed if view.full_bound else allowed


PROPERTY = Property(
    name="sum_to_one",
    code="EX104",
    statement="The outputs of a row sum to one.",
    bound="""Allowed: (d + 2) u + n eta / 2, with d additions on the longest path of the sum, two roundings to scale
    and half a smallest subnormal eta an entry; the errors of exp cancel, since what is summed is what is scaled.
    d = n - 1 in float64 and float32; ceil(log2 n) in 16 bits, where (n + 1) u exceeds 1 on rows that people use; 0
    in 8. A running maximum may add what its rescalings cost (`properties.roles.softmax.bounds`, `rescaling`). The
    sum of the outputs is taken exactly.""",
    example="a sum of ones in bfloat16 stops at 256, so that softmax of 1024 zeros is 1/256 throughout and sums to 4.",
    fix="""accumulate in float32. The usual causes: a sum kept in 16 bits, which stagnates at 256 (bfloat16) or 2048
    (float16), and in float16 overflows above 65504; a wrong axis; an epsilon in the denominator.""",
    measure=measure,
    unit="u",
    scale=roundoff,
    severity="high",
    script=("import math", "got, expected = math.fsum(f(x){pick}.astype(float).tolist()), 1.0"),
)
