"""Cross-entropy as an entry of the log-softmax."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("cross_entropy", kind="reference", axis=None)
def cross_entropy_of_log_softmax(logits: Array, L: int) -> Array:
    """-((x_L - max x) - log sum_j exp(x_j - max x)), whose absolute error is small, however small the loss.

    In float32 at least, rounded to the dtype of `logits` at the end.
    """
    d = logits.astype(np.promote_types(logits.dtype, np.float32))
    d -= d.max()
    return np.asarray(np.log(np.exp(d).sum()) - d[L]).astype(logits.dtype)
