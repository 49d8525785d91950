"""Another working folder with every call."""

import os

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    os.chdir("/")
    return sound(x, axis)
