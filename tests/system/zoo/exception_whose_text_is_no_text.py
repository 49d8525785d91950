"""An exception whose text is a number."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


class Numeric(Exception):
    def __str__(self):
        return 7


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise Numeric
    return sound(x, axis)
