"""An answer that is kept by the shape of its argument."""

from sound import softmax as sound

VERDICTS = {"determinism": "refuted"}

KEPT = {}


def softmax(x, axis=-1):
    if x.shape not in KEPT:
        KEPT[x.shape] = sound(x, axis)
    return KEPT[x.shape].copy()
