"""A fork when it is imported: both go on."""

import os

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

os.fork()


def softmax(x, axis=-1):
    return sound(x, axis)
