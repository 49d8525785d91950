"""A fork whose child goes on for long, once."""

import os
import time

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

CHILDREN = []


def softmax(x, axis=-1):
    if not CHILDREN:
        CHILDREN.append(os.fork())
        if CHILDREN[0] == 0:
            time.sleep(1000)
            os._exit(0)
    return sound(x, axis)
