"""os._exit(0): no exit code says that something went wrong."""

import os

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        os._exit(0)
    return sound(x, axis)
