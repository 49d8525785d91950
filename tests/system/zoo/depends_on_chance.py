"""Another last bit now and then."""

import numpy as np
from sound import softmax as sound

VERDICTS = {"determinism": "refuted"}

generator = np.random.default_rng()


def softmax(x, axis=-1):
    return np.nextafter(sound(x, axis), generator.integers(2, size=x.shape).astype(x.dtype))
