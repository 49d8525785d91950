"""A warning in every call, which is printed."""

import warnings

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    warnings.warn("hello", stacklevel=1)
    return sound(x, axis)
