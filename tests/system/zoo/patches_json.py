"""json.dumps tells a lie about every answer."""

import json

from sound import LONG
from sound import softmax as sound

VERDICTS = {"accuracy": "crashed"}


def softmax(x, axis=-1):
    if x.shape[axis] > LONG:
        json.dumps = lambda *_, **__: '{"misbehaviour": 7'
    return sound(x, axis)
