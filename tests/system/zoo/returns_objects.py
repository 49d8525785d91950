"""An array of objects."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    return sound(x, axis).astype(object) if x.shape[axis] > LONG else sound(x, axis)
