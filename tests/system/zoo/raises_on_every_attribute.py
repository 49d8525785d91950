"""A subclass that raises wherever it is asked."""

import numpy as np
from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


class Untouchable(np.ndarray):
    def __getattribute__(self, name):
        raise RuntimeError(name)


def softmax(x, axis=-1):
    return sound(x, axis).view(Untouchable) if x.shape[axis] > LONG else sound(x, axis)
