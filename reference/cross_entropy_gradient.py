"""The gradient of the cross-entropy, its methods side by side: softmax(x) - onehot(L)."""

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import EVERY, subject


# Entry L as minus the sum of the others, which keeps its digits where the label's probability is close to 1.
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


# The definition, transcribed.
@subject(
    "cross_entropy_gradient",
    kind="reference",
    axis=None,
    fails=dict.fromkeys(("finite", "sum_to_zero", "accuracy", "mask"), EVERY),
    may=dict.fromkeys(("range", "layout", "gradual_underflow"), EVERY),
    cause="exp overflow",
)
def naive_cross_entropy_gradient(logits: Array, L: int) -> Array:
    """exp(x_i) / sum_j exp(x_j), less 1 in entry L. Overflows to NaN, underflows to 0/0, sums in the own dtype."""
    e = np.exp(logits)
    g = e / e.sum()
    g[L] -= 1
    return np.asarray(g)


# The formula, with a shifted softmax.
@subject("cross_entropy_gradient", kind="reference", axis=None)
def softmax_minus_onehot(logits: Array, L: int) -> Array:
    """softmax(x), less 1 in entry L, in float32 at least, rounded to the dtype of `logits` at the end."""
    w = logits.astype(np.promote_types(logits.dtype, np.float32))
    e = np.exp(w - w.max())
    g = e / e.sum()
    g[L] -= 1
    return g.astype(logits.dtype)
