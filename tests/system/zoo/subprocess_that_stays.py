"""A command that goes on when the call has returned."""

import subprocess

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

STARTED = []


def softmax(x, axis=-1):
    if not STARTED:
        STARTED.append(subprocess.Popen(["sleep", "1000"]))
    return sound(x, axis)
