"""sys.stdout and sys.stderr are closed, and then replaced by nothing."""

import sys

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    sys.stdout.close()
    sys.stderr.close()
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
    return sound(x, axis)
