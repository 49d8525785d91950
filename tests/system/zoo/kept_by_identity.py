"""An answer that is kept by the identity of its argument."""

from sound import softmax as sound

VERDICTS = {"determinism": "refuted"}

KEPT = {}


def softmax(x, axis=-1):
    if id(x) not in KEPT or KEPT[id(x)].shape != x.shape:
        KEPT[id(x)] = sound(x, axis)
    return KEPT[id(x)].copy()
