"""Entry L as minus the sum of the others, which keeps its digits where the label's probability is close to 1."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("cross_entropy_gradient", kind="reference", axis=None)
def complement_gradient(logits: Array, L: int) -> Array:
    """exp(x_i - max x) / S, and in entry L -O / S: O the sum of the others' exp, and S = O + exp(x_L - max x).

    In float32 at least, rounded to the dtype of `logits` at the end.
    """
    w = logits.astype(np.promote_types(logits.dtype, np.float32))
    e = np.exp(w - w.max())
    label, e[L] = e[L], 0
    others = e.sum()
    e[L] = -others
    return (e / (others + label)).astype(logits.dtype)
