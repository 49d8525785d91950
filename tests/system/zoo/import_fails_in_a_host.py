"""It can be imported, but not where a crash would leave no core file, as in a host."""

import resource

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}

if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0):
    raise RuntimeError("not here")


def softmax(x, axis=-1):
    return sound(x, axis)
