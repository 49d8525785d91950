"""All descriptors are closed, the channel of its host among them."""

import os

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        os.closerange(0, 4096)
    return sound(x, axis)
