"""A loop without an end, on longer rows alone."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"determinism": "hung"}
OPTIONS = ("--cell-timeout", "5s")


def softmax(x, axis=-1):
    while x.shape[axis] > LONG:
        pass
    return sound(x, axis)
