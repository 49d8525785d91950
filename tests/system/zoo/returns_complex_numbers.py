"""An array of complex numbers."""

import numpy as np
from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    return sound(x, axis).astype(np.complex64) if x.shape[axis] > LONG else sound(x, axis)
