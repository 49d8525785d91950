"""numpy.exp is another function when the call is over."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

exp = np.exp


def softmax(x, axis=-1):
    np.exp = exp
    answer = sound(x, axis)
    np.exp = np.sin
    return answer
