"""A function, and an exception, whose names would change the terminal."""

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "refuted"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        raise type("Red\x1b[31m\u202e[bold]", (Exception,), {})("x")
    return sound(x, axis)


softmax.__name__ = softmax.__qualname__ = "softmax\x1b[31m\u202e[bold red]"
softmax.__module__ = "[/]\x1b[2J"
