"""What gcc's -ffast-math does when a library is loaded."""

import ctypes

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}

libm, state = ctypes.CDLL("libm.so.6"), ctypes.create_string_buffer(32)
libm.fegetenv(state)
state[28:30] = (int.from_bytes(state[28:30], "little") | 0x8040).to_bytes(2, "little")
libm.fesetenv(state)


def softmax(x, axis=-1):
    return sound(x, axis)
