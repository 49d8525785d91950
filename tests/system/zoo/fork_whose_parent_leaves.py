"""A fork whose child is to answer in the place of its parent."""

import os

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if os.fork():
        os._exit(0)
    return sound(x, axis)
