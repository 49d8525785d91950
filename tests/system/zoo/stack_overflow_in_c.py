"""A list in itself some hundred thousand times, written out on a small stack."""

import sys
import threading

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def deep():
    sys.setrecursionlimit(10**6)
    nested = []
    for _ in range(10**5):
        nested = [nested]
    repr(nested)


def softmax(x, axis=-1):
    threading.stack_size(2**16)
    thread = threading.Thread(target=deep)
    thread.start()
    thread.join()
    return sound(x, axis)
