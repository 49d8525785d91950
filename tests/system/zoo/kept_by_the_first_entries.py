"""An answer that is kept by a hash of the first entries."""

from sound import softmax as sound

VERDICTS = {"determinism": "refuted"}

KEPT = {}


def softmax(x, axis=-1):
    key = x.shape, x.reshape(-1)[:4].tobytes()
    if key not in KEPT:
        KEPT[key] = sound(x, axis)
    return KEPT[key].copy()
