"""Nothing can be imported any more."""

import sys

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}


def softmax(x, axis=-1):
    sys.path.clear()
    sys.meta_path.clear()
    return sound(x, axis)
