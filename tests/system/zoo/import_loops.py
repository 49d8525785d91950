"""An import that does not end."""

from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}

while True:
    pass


def softmax(x, axis=-1):
    return sound(x, axis)
