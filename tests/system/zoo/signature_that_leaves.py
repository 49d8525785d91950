"""A callable whose signature ends the process when it is read."""

import os

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


class Callable:
    @property
    def __signature__(self):
        os._exit(0)

    def __call__(self, x, axis=-1):
        return sound(x, axis)


softmax = Callable()
