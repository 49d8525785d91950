"""A thread spoils the answer as soon as the next call has begun."""

import threading

from sound import softmax as sound

VERDICTS = {"purity": "refuted"}

WAITING = []


def spoil(out, begun):
    begun.wait()
    out[...] = 7


def softmax(x, axis=-1):
    while WAITING:
        thread, begun = WAITING.pop()
        begun.set()
        thread.join()
    out, begun = sound(x, axis), threading.Event()
    WAITING.append((threading.Thread(target=spoil, args=(out, begun), daemon=True), begun))
    WAITING[0][0].start()
    return out
