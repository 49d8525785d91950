"""Results are rounded up from the first call on."""

import ctypes

from sound import softmax as sound

VERDICTS = {"accuracy": "refuted", "row_independence": "held", "purity": "refuted", "determinism": "held"}


def softmax(x, axis=-1):
    ctypes.CDLL("libm.so.6").fesetround(0x800)
    return sound(x, axis)
