"""A daemon thread that draws a random number during each call."""

import queue
import threading

import numpy as np
from sound import softmax as sound

VERDICTS = {"purity": "refuted"}

ASKED, DONE = queue.Queue(), queue.Queue()


def draws():
    while ASKED.get():
        np.random.random()
        DONE.put(True)


threading.Thread(target=draws, daemon=True).start()


def softmax(x, axis=-1):
    ASKED.put(True)
    DONE.get()
    return sound(x, axis)
