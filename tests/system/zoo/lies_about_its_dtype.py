"""A subclass with another `dtype` than it has."""

import numpy as np
from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "held"}


class Liar(np.ndarray):
    dtype = property(lambda self: np.dtype(np.int64))


def softmax(x, axis=-1):
    return sound(x, axis).view(Liar) if x.shape[axis] > LONG else sound(x, axis)
