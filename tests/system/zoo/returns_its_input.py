"""The answer is written into the argument, which is returned."""

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}


def softmax(x, axis=-1):
    x[...] = sound(x, axis)
    return x
