"""MemoryError, for a row of four."""

from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    if x.shape[axis] == 4:
        raise MemoryError
    return sound(x, axis)
