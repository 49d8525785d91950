"""The garbage collector is off, and every call leaves a cycle."""

import gc

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    gc.disable()
    cycle = []
    cycle.append(cycle)
    return sound(x, axis)
