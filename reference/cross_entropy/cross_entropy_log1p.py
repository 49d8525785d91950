"""Cross-entropy with the maximum kept out of the sum: it keeps its digits as the loss goes to zero."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("cross_entropy", kind="reference", axis=None)
def cross_entropy_log1p(logits: Array, L: int) -> Array:
    """(max x - x_L) + log1p(sum of exp(x_j - max x) over all entries but one at the maximum).

    In float32 at least, rounded to the dtype of `logits` at the end.
    """
    w = logits.astype(np.promote_types(logits.dtype, np.float32))
    top = w.argmax()
    e = np.exp(w - w[top])
    e[top] = 0
    return np.asarray(w[top] - w[L] + np.log1p(e.sum())).astype(logits.dtype)
