"""Computed in float16, returned in the dtype asked for."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    return sound(x.astype(np.float16), axis).astype(x.dtype)
