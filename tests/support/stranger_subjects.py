"""Softmaxes as a user might bring them: one sound, the rest with a defect each."""

import numpy as np


def sound(x, axis=-1):
    wide = x.astype(np.result_type(x.dtype, np.float32))
    e = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


def unshifted(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def flattens(x, axis=-1):
    e = np.exp(x - x.max())
    return e / e.sum()


def last_axis_always(x, axis=-1):
    return sound(x)


def overwrites_its_input(x, axis=-1):
    x -= x.max(axis=axis, keepdims=True)
    return sound(x, axis)


def returns_float64(x, axis=-1):
    return sound(x.astype(np.float64), axis)


def keeps_a_floor(x, axis=-1):
    return np.maximum(sound(x, axis), x.dtype.type(1e-6))


def raises_on_infinity(x, axis=-1):
    if not np.isfinite(x).all():
        raise ValueError("expected finite logits")
    return sound(x, axis)
