"""The neighbour of every kind, which is audited beside it: nothing is wrong with it."""

import numpy as np

VERDICTS = {"accuracy": "held", "row_independence": "held", "purity": "held", "determinism": "held"}

LONG = 20  # entries: most kinds do what they do on longer rows alone, so that the trial call passes


def softmax(x, axis=-1):
    wide = x.astype(np.result_type(x.dtype, np.float32))
    e = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)
