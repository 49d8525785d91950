"""A timer whose signal ends the process soon after the call."""

import signal

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        signal.setitimer(signal.ITIMER_REAL, 1e-4)
    return sound(x, axis)
