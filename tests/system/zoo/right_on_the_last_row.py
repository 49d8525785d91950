"""Right on the last row of a batch, so that a row alone is right."""

from sound import softmax as sound

VERDICTS = {"accuracy": "refuted", "row_independence": "refuted"}


def softmax(x, axis=-1):
    out = sound(x, axis)
    out[:-1] = 1 - out[:-1]
    return out
