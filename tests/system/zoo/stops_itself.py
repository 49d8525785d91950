"""SIGSTOP to itself: it does not go on."""

import os
import signal

from sound import softmax as sound

VERDICTS = {"accuracy": "hung"}


def softmax(x, axis=-1):
    os.kill(os.getpid(), signal.SIGSTOP)
    return sound(x, axis)
