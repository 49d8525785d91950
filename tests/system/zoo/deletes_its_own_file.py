"""The file that it came from is gone when it has been imported."""

import contextlib
import os

from sound import softmax as sound

VERDICTS = {"determinism": "crashed"}

with contextlib.suppress(FileNotFoundError):
    os.rename(__file__, __file__ + ".gone")


def softmax(x, axis=-1):
    return sound(x, axis)
