"""sys.modules.clear(), after which nothing can be imported, not by Python itself."""

import sys

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    answer = sound(x, axis)
    sys.modules.clear()
    return answer
