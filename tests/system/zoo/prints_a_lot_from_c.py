"""100 MB on both descriptors, past Python, in its first call, and something in each."""

import os

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}

CALLS = []


def softmax(x, axis=-1):
    for _ in range(1 if CALLS else 50):
        os.write(1, b"x" * 2 ** (10 if CALLS else 20))
        os.write(2, b"x" * 2 ** (10 if CALLS else 20))
    CALLS.append(1)
    return sound(x, axis)
