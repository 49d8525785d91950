"""Subnormal results and arguments are zero from the first call on."""

import ctypes

from sound import softmax as sound

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "refuted", "determinism": "held"}


def softmax(x, axis=-1):
    libm, state = ctypes.CDLL("libm.so.6"), ctypes.create_string_buffer(32)
    libm.fegetenv(state)
    state[28:30] = (int.from_bytes(state[28:30], "little") | 0x8040).to_bytes(2, "little")
    libm.fesetenv(state)
    return sound(x, axis)
