"""As the one before, when it is called."""

import sys

from sound import softmax as sound

VERDICTS = {"purity": "refuted"}


def softmax(x, axis=-1):
    for module in list(sys.modules.values()):
        if hasattr(module, "differing"):
            module.differing = lambda *_: 0
    out = sound(x, axis)
    x[...] = 7
    return out
