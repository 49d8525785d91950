"""A function without a name, in a module without one."""

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


class Callable:
    __name__ = 7
    __module__ = 7

    def __call__(self, x, axis=-1):
        return sound(x, axis)


softmax = Callable()
