"""The Jacobian of softmax, its methods side by side: J = diag(s) - s s^T of one row, with s = softmax(x)."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import EVERY, subject


# The diagonal from the complements of the probabilities.
@subject("softmax_jacobian", kind="reference")
def complement_jacobian(x: Array) -> Array:
    """-s_i s_j off the diagonal, s_i sum_{k != i} s_k on it, in float32 at least.

    Nothing is subtracted, so the diagonal keeps its digits as s_i goes to 1.
    """
    s = wide(x.astype(np.promote_types(x.dtype, np.float32)))
    J = -np.outer(s, s)
    np.fill_diagonal(J, 0)
    np.fill_diagonal(J, -J.sum(axis=1))
    return J.astype(x.dtype)


# The definition, over a sound softmax.
@subject("softmax_jacobian", kind="reference")
def diag_minus_outer(x: Array) -> Array:
    """diag(s) - s s^T in float32 at least: s_i - s_i^2 loses the digits of the diagonal as s_i goes to 1."""
    s = wide(x.astype(np.promote_types(x.dtype, np.float32)))
    return (np.diag(s) - np.outer(s, s)).astype(x.dtype)


# The quotient rule, as textbooks print it.
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


# The derivative of the logarithm, times the probability.
@subject("softmax_jacobian", kind="reference")
def row_scaled(x: Array) -> Array:
    """s_i (delta_ij - s_j) in float32 at least: 1 - s_i loses the digits of the diagonal as s_i goes to 1."""
    s = wide(x.astype(np.promote_types(x.dtype, np.float32)))
    return (s[:, None] * (np.eye(len(s), dtype=s.dtype) - s)).astype(x.dtype)
