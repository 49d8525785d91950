"""SystemExit in a call, and exit code 0 by atexit."""

import atexit
import os

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}

atexit.register(os._exit, 0)


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise SystemExit(0)
    return sound(x, axis)
