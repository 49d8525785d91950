"""Every warning is an error from the import on."""

import warnings

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

warnings.simplefilter("error")


def softmax(x, axis=-1):
    warnings.simplefilter("error")
    return sound(x, axis)
