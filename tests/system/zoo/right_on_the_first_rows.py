"""Right on the first eight rows of a batch."""

from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    out = sound(x, axis)
    if axis == -1:
        out[8:] = 1 - out[8:]
    return out
