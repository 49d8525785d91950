"""Another factor near one in each process."""

import os

import numpy as np
from sound import softmax as sound

VERDICTS = {"determinism": "refuted"}

FACTOR = np.float32(1) + np.float32(2) ** -23 * (os.getpid() % 4096)


def softmax(x, axis=-1):
    return sound(x, axis) * FACTOR
