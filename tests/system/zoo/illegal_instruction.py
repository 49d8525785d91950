"""SIGILL, as of a library for another processor."""

import os
import signal

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    os.kill(os.getpid(), signal.SIGILL)
