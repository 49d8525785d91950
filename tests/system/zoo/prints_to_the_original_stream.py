"""print to sys.__stdout__ and sys.__stderr__."""

import sys

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}


def softmax(x, axis=-1):
    print("hello", file=sys.__stdout__, flush=True)
    print("hello", file=sys.__stderr__, flush=True)
    return sound(x, axis)
