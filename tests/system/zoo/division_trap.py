"""SIGFPE, as of an integer division by zero in C."""

import os
import signal

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    os.kill(os.getpid(), signal.SIGFPE)
