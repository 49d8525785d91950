"""The role log_sigmoid: log(1 / (1 + exp(-x))), entry by entry: minus the softplus of -x.

| form | error |
|---|---|
| min(x, 0) - log1p(exp(-abs(x))), -logaddexp(0, -x) | (r_e + r_l + u) abs(f) |
| log(sigmoid(x)), -log(1 + exp(-x)) | 2 u + r_e s' + r_l abs(f), s' = sigmoid(-x) |

`properties.roles.softplus` derives them. The second is absolute: it has no digits where x is large, and in its class
are only forms that stay finite: the logarithm of a sigmoid that is 0 is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.properties.roles.softplus import argument, error_elsewhere, log_error, of_sums, threshold
from extremum.reference.truth import logistic


def of_logarithms(view: View) -> Any:
    """The error of the logarithm of a number that is computed first, 1 + exp(-x) or a sigmoid."""
    return log_error(view, Shown(view).opposite)


ROLE = entrywise.role(
    __name__,
    "log_sigmoid",
    17,
    "log(1 / (1 + exp(-x_i)))",
    logistic.log_sigmoid,
    {"full": of_sums, "absolute": of_logarithms},
    properties=(
        entrywise.finite(
            bound="The exact value lies between -abs(x) - log 2 and 0, which is in range: none is allowed.",
            example="log(1 / (1 + exp(-x))) of -104 in float32 is log(0), which is -inf; it is -104.",
            fix="compute min(x, 0) - log1p(exp(-abs(x))), never the logarithm of a sigmoid.",
        ),
        entrywise.in_range(
            -np.inf,
            0.0,
            statement="No output is positive.",
            bound="""A sigmoid is at most 1, so that its logarithm is not positive, and neither is a sum of what is not.
            Nothing is allowed. Severity is low where the excess is within the error bound of `accuracy`. NaN is judged
            by `finite`.""",
            example="log(sigmoid(x) + 1e-7) of 30 in float64 is 1e-7.",
            fix="compute min(x, 0) - log1p(exp(-abs(x))), which needs no epsilon.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (r_e + r_l + u) abs(f) of
            min(x, 0) - log1p(exp(-abs(x))), and 2 u + r_e s' + r_l abs(f) of the logarithm of a sigmoid, with second
            order terms and gradual underflow (`properties.roles.softplus` derives it). The grade tells which of them a
            subject keeps at every input. Where the output is x itself, below -16, `threshold` judges it.""",
            example="log(sigmoid(x) + 1e-7) of -20 in float64 is -16.1.",
            fix="compute min(x, 0) - log1p(exp(-abs(x))), or -logaddexp(0, -x); in 16 bits compute in float32.",
            measure=error_elsewhere,
        ),
        threshold(
            "12",
            statement="The output is x only where log_sigmoid(x) rounds to x, as closely as a sound algorithm comes.",
            bound="""Judged where the output is x, below -16. x - log_sigmoid(x) is log1p(exp(x)): at a threshold of -20
            it is 2.1e-9, below half of the spacing in float32, and 5.8e5 spacings in float64. Allowed is the error
            bound of `accuracy`. Severity is medium: where there is a threshold, it is documented.""",
            example="minus a softplus with a threshold of 20, of -20.5 in float64, is -20.5, off by 1.3e-9.",
            fix="compute min(x, 0) - log1p(exp(-abs(x))), which needs no threshold; in float64 37 costs no digit.",
        ),
        gradual_underflow(
            Tail(logistic.log_sigmoid, 1.0, 1e4),
            example="flushed, the log_sigmoid of 88 in float32 is 0 for -6.05e-39.",
        ),
        entrywise.monotone(
            example="x below -5 and -log1p(exp(-x)) from there on falls from -5 to -5.0067.",
            fix="let a threshold lie where log_sigmoid(x) rounds to x.",
        ),
        entrywise.symmetry(
            -1,
            argument,
            "float(x{at})",
            statement="The output for x less that for -x is x.",
            example="of a sigmoid limited to 1e-7, log_sigmoid(100) - log_sigmoid(-100) is 16.1.",
            fix="take exp of -abs(x) for both signs, and add min(x, 0).",
        ),
        entrywise.limits(
            argument,
            allowed=of_logarithms,
            statement="Where the exact value rounds to 0 or to x, the output is that, or near to it.",
            bound="""Judged where the distance is below a quarter of the spacing at x, or the value at most half of the
            smallest subnormal. At 0 every sound form is 0, or what underflow costs. At x it is the error of
            -log(1 + exp(-x)), 2 u + r_e + r_l abs(x).""",
            example="log(sigmoid(x) + 1e-6) of 1000 is 1e-6.",
            fix="leave out the epsilon and the clip.",
        ),
    ),
)
