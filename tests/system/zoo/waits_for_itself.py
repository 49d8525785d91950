"""A lock that is taken twice."""

import threading

from sound import softmax as sound

VERDICTS = {"accuracy": "hung"}


def softmax(x, axis=-1):
    lock = threading.Lock()
    with lock, lock:
        return sound(x, axis)
