"""One buffer for all answers of a shape."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}

BUFFERS = {}


def softmax(x, axis=-1):
    out = BUFFERS.setdefault(x.shape, np.empty_like(x))
    out[...] = sound(x, axis)
    return out
