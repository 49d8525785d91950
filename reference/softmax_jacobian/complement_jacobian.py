"""The diagonal from the complements of the probabilities."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import subject


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
