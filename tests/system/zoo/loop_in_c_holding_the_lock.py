"""A regular expression that takes exponential time, and lets no other thread run."""

import re

VERDICTS = {"accuracy": "hung"}


def softmax(x, axis=-1):
    re.match("(a+)+b", "a" * 60)
