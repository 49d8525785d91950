"""It prints when it is imported, past Python as well."""

import os

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

print("hello" * 1000)
os.write(1, b"hello\n")


def softmax(x, axis=-1):
    return sound(x, axis)
