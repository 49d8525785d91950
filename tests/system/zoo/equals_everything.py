"""A subclass that is equal to whatever it is compared with; the values are wrong."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


class Equal(np.ndarray):
    def __eq__(self, other):
        return np.True_

    def __ne__(self, other):
        return np.False_

    __hash__ = None


def softmax(x, axis=-1):
    return (1 - sound(x, axis)).view(Equal)
