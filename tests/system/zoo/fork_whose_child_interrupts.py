"""A fork whose child raises KeyboardInterrupt."""

import os

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    if os.fork() == 0:
        raise KeyboardInterrupt
    return sound(x, axis)
