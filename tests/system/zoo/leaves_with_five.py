"""os._exit(5), which pytest would take for "nothing was tested"."""

import os

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    os._exit(5)
