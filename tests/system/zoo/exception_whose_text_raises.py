"""An exception that cannot be shown."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise Unspeakable
    return sound(x, axis)
