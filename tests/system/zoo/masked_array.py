"""A masked array, whose hidden entries are wrong."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    return np.ma.array(1 - sound(x, axis), mask=True)
