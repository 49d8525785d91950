"""Both of the states that all code shares are seeded."""

import random

import numpy as np
from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}


def softmax(x, axis=-1):
    random.seed(0)
    np.random.seed(0)
    return sound(x, axis)
