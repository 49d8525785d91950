"""A loop without an end."""

VERDICTS = {"accuracy": "hung"}


def softmax(x, axis=-1):
    while True:
        pass
