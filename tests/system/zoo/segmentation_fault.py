"""A read at address zero."""

import ctypes

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        ctypes.string_at(0)
    return sound(x, axis)
