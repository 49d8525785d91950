"""SIGTERM to itself."""

import os
import signal

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        os.kill(os.getpid(), signal.SIGTERM)
    return sound(x, axis)
