"""A recursion that does not end, to the limit."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def deeper(n):
    return deeper(n + 1)


def softmax(x, axis=-1):
    return deeper(0) if x.shape[axis] > LONG else sound(x, axis)
