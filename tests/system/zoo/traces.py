"""A trace function for every line."""

import sys

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    sys.settrace(lambda *_: None)
    return sound(x, axis)
