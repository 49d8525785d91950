"""No file may have any length: what it answers cannot be written."""

import resource

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    return sound(x, axis)
