"""BaseException itself."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise BaseException("neither an error nor an exit")
    return sound(x, axis)
