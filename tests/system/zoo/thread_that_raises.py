"""A thread that ends with an exception in every call, which is printed."""

import threading

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}


def softmax(x, axis=-1):
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    return sound(x, axis)
