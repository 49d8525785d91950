"""A message of 64 MB."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise ValueError("x" * 2**26)
    return sound(x, axis)
