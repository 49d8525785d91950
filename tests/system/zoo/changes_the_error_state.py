"""np.seterr(all="raise"), for good."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    answer = sound(x, axis)
    np.seterr(all="raise")
    return answer
