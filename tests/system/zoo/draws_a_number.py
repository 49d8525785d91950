"""One number of the shared generator."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}


def softmax(x, axis=-1):
    np.random.random()
    return sound(x, axis)
