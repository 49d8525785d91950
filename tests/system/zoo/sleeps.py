"""A call that sleeps."""

import time

VERDICTS = {"accuracy": "hung"}


def softmax(x, axis=-1):
    time.sleep(1000)
