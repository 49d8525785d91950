"""It answers what was asked for before, where the shape is the same."""

from sound import softmax as sound

VERDICTS = {"determinism": "refuted"}

LAST = {}


def softmax(x, axis=-1):
    before = LAST.get(x.shape, x)
    LAST[x.shape] = x.copy()
    return sound(before, axis)
