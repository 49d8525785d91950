"""A child of a child in a session of its own, once."""

import os
import time

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

CHILDREN = []


def softmax(x, axis=-1):
    if not CHILDREN:
        CHILDREN.append(os.fork())
        if CHILDREN[0] == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(1000)
            os._exit(0)
    return sound(x, axis)
