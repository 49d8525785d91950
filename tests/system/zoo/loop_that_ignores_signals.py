"""Every signal that can be ignored is, and then it loops."""

import contextlib
import signal

VERDICTS = {"accuracy": "hung"}


def softmax(x, axis=-1):
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    while True:
        pass
