"""A message that would clear the terminal, and is read from right to left."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise ValueError("\x1b[2J\x1b]0;title\x07 \u202e txet \u2066\r\x00\x9b2J")
    return sound(x, axis)
