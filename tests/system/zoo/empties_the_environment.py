"""os.environ is cleared."""

import os

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    os.environ.clear()
    return sound(x, axis)
