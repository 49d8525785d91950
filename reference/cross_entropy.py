"""Cross-entropy, its methods side by side: cross_entropy(x, L) = log sum_j exp(x_j) - x_L."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import EVERY, subject


# Cross-entropy with the maximum kept out of the sum: it keeps its digits as the loss goes to zero.
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


# Cross-entropy as an entry of the log-softmax.
@subject("cross_entropy", kind="reference", axis=None)
def cross_entropy_of_log_softmax(logits: Array, L: int) -> Array:
    """-((x_L - max x) - log sum_j exp(x_j - max x)), whose absolute error is small, however small the loss.

    In float32 at least, rounded to the dtype of `logits` at the end.
    """
    d = logits.astype(np.promote_types(logits.dtype, np.float32))
    d -= d.max()
    return np.asarray(np.log(np.exp(d).sum()) - d[L]).astype(logits.dtype)


# Cross-entropy as the difference of logsumexp and the label's logit.
@subject(
    "cross_entropy",
    kind="reference",
    axis=None,
    fails={"accuracy": EVERY, "finite": ("float16",)},
    may=dict.fromkeys(("mask", "layout"), EVERY),
    cause="cancellation",
)
def cross_entropy_through_logsumexp(logits: Array, L: int) -> Array:
    """y - x_L with y = max x + log sum_j exp(x_j - max x), in the dtype of `logits`: its rounding costs abs(y) u."""
    a = logits.max()
    y = a + np.log(np.exp(logits - a).sum())
    return np.asarray(y - logits[L])
