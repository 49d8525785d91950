"""Itself."""

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    return softmax
