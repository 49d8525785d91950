"""It can be imported once: of a second process it is not there."""

import os

from sound import softmax as sound

VERDICTS = {"determinism": "crashed"}

if os.path.exists("once"):
    raise RuntimeError("only once")
open("once", "w").close()


def softmax(x, axis=-1):
    return sound(x, axis)
