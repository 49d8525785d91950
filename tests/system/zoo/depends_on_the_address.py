"""Another sum for an array that lies elsewhere."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"determinism": "refuted"}


def softmax(x, axis=-1):
    out = sound(x, axis)
    return np.nextafter(out, out.dtype.type(x.ctypes.data // 64 % 2))
