"""10^13 entries that take no memory."""

import numpy as np
from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    return np.broadcast_to(np.float32(1), (10**7, 10**6)) if x.shape[axis] > LONG else sound(x, axis)
