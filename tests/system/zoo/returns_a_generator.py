"""A generator of rows."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    return (row for row in sound(x, axis)) if x.shape[axis] > LONG else sound(x, axis)
