"""A loop in which every exception is caught."""

VERDICTS = {"accuracy": "hung"}


def softmax(x, axis=-1):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
