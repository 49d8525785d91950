"""time.time and time.monotonic stand still."""

import time

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

time.time = time.monotonic = time.perf_counter = lambda: 0.0


def softmax(x, axis=-1):
    return sound(x, axis)
