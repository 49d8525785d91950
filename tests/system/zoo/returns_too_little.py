"""One row fewer."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    return sound(x, axis)[1:] if x.shape[axis] > LONG else sound(x, axis)
