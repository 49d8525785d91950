"""Cross-entropy as the difference of logsumexp and the label's logit."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import EVERY, subject


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
