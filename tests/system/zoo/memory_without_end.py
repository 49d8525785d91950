"""A list that grows for ever."""

import numpy as np

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    kept = []
    while True:
        kept.append(np.ones(2**22))
