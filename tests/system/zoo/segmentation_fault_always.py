"""A read at address zero, in every call."""

import ctypes

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    return ctypes.string_at(0)
