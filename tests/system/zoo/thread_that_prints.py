"""A daemon thread that prints during each call."""

import queue
import threading

from sound import softmax as sound

VERDICTS = {"purity": "refuted"}

ASKED, DONE = queue.Queue(), queue.Queue()


def prints():
    while ASKED.get():
        print("hello")
        DONE.put(True)


threading.Thread(target=prints, daemon=True).start()


def softmax(x, axis=-1):
    ASKED.put(True)
    DONE.get()
    return sound(x, axis)
