"""os.getpid is another with every call."""

import itertools
import os

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        os.getpid = itertools.count(2**30).__next__
    return sound(x, axis)
