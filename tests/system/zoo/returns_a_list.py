"""Lists of floats."""

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    return sound(x, axis).tolist()
