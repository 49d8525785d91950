"""EX101 finite."""

from __future__ import annotations

import numpy as np

from extremum.properties.model.property import Property
from extremum.properties.model.view import Measured, View


def measure(view: View) -> Measured:
    """No output is NaN or infinite.

    For rows of finite entries every exact output lies in [0, 1], so no rounding can excuse another
    answer: none is allowed.

    Example: in float32 exp(89) is inf, so that exp(x) / sum exp(x) of [89, 0] has inf / inf, NaN, first; of
    [-104, -104] it is 0 / 0, NaN throughout.

    Fix: subtract the maximum of each row first. The usual cause is exp without a shift, which overflows above
    log(max): 709.78 in float64, 88.72 in float32, 11.09 in float16. The other is a sum that underflows to zero.
    """
    return np.where(np.isfinite(view.answer), 0.0, 1.0), 0.0


PROPERTY = Property("finite", "EX101", measure, unit="outputs", severity="critical", exact=True)
