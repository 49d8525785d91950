"""pause(3), with the lock of the interpreter released."""

import ctypes

VERDICTS = {"accuracy": "hung"}


def softmax(x, axis=-1):
    ctypes.CDLL(None).pause()
