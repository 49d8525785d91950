"""Right in the first forty calls of a process."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"determinism": "refuted"}

CALLS = []


def softmax(x, axis=-1):
    CALLS.append(1)
    return sound(x, axis) if len(CALLS) <= 40 else np.nextafter(sound(x, axis), np.float32(2)).astype(x.dtype)
