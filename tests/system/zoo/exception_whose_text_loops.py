"""An exception whose text does not come."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"determinism": "hung"}
OPTIONS = ("--cell-timeout", "5s")


class Endless(Exception):
    def __str__(self):
        while True:
            pass


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise Endless
    return sound(x, axis)
