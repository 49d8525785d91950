"""The quotient rule, as textbooks print it."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import EVERY, subject


@subject(
    "softmax_jacobian",
    kind="reference",
    fails=dict.fromkeys(("finite", "accuracy", "mask"), EVERY),
    may=dict.fromkeys(
        (
            "symmetric",
            "rows_sum_to_zero",
            "positive_semidefinite",
            "norm",
            "vjp_agreement",
            "layout",
            "gradual_underflow",
        ),
        EVERY,
    ),
    cause="exp overflow",
)
def quotient_rule(x: Array) -> Array:
    """(e_i S delta_ij - e_i e_j) / S^2 with e = exp(x), all in the dtype of `x`: S^2 overflows at half of log max."""
    e = np.exp(x)
    total = e.sum()
    return (np.diag(e) * total - np.outer(e, e)) / (total * total)
