"""A structured array."""

import numpy as np
from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    return np.zeros(x.shape, [("value", "f4")]) if x.shape[axis] > LONG else sound(x, axis)
