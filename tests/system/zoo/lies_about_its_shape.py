"""A subclass with another `shape` than it has."""

import numpy as np
from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "held"}


class Liar(np.ndarray):
    shape = property(lambda self: (1, 2, 3))


def softmax(x, axis=-1):
    return sound(x, axis).view(Liar) if x.shape[axis] > LONG else sound(x, axis)
