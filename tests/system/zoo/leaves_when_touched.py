"""A subclass that ends the process when it is asked for anything."""

import os

import numpy as np
from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


class Trap(np.ndarray):
    def __getattribute__(self, name):
        os._exit(0)


def softmax(x, axis=-1):
    return sound(x, axis).view(Trap) if x.shape[axis] > LONG else sound(x, axis)
