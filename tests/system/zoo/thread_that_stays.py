"""A thread that is no daemon and does not end."""

import threading
import time

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

STARTED = []


def softmax(x, axis=-1):
    if not STARTED:
        STARTED.append(threading.Thread(target=time.sleep, args=(1000,)))
        STARTED[0].start()
    return sound(x, axis)
