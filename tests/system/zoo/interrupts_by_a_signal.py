"""SIGINT to itself, as Ctrl-C does."""

import os
import signal
import time

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    return sound(x, axis)
