"""A recursion limit that hardly suffices for anything."""

import sys

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    answer = sound(x, axis)
    sys.setrecursionlimit(60)
    return answer
