"""A callable whose signature raises when it is read."""

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


class Callable:
    @property
    def __signature__(self):
        raise RuntimeError

    def __call__(self, x, axis=-1):
        return sound(x, axis)


softmax = Callable()
