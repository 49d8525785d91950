"""An exception whose text ends the process."""

import os

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


class Last(Exception):
    def __str__(self):
        os._exit(0)


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise Last
    return sound(x, axis)
