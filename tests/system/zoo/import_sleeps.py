"""An import that sleeps."""

import time

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}

time.sleep(1000)


def softmax(x, axis=-1):
    return sound(x, axis)
