"""An answer that is kept by the sum of all entries."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"permutation_equivariance": "refuted"}

KEPT = {}


def softmax(x, axis=-1):
    key = x.shape, float(np.sort(x, axis=None).sum())
    if key not in KEPT:
        KEPT[key] = sound(x, axis)
    return KEPT[key].copy()
