"""SIGTERM to its process group: the judge is in another."""

import os
import signal

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    os.killpg(0, signal.SIGTERM)
    return sound(x, axis)
