"""A message that no encoding can write."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise ValueError("\ud800 and \udfff")
    return sound(x, axis)
