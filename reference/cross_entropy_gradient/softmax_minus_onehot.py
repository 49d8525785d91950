"""The formula, with a shifted softmax."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("cross_entropy_gradient", kind="reference", axis=None)
def softmax_minus_onehot(logits: Array, L: int) -> Array:
    """softmax(x), less 1 in entry L, in float32 at least, rounded to the dtype of `logits` at the end."""
    w = logits.astype(np.promote_types(logits.dtype, np.float32))
    e = np.exp(w - w.max())
    g = e / e.sum()
    g[L] -= 1
    return g.astype(logits.dtype)
