"""The law of escape: after the landing, each step leads 1 - eps f''(x*) times as far from the maximum.

With d_k = x_k - x*, and f'(x*) = 0, the mean value theorem gives an exact step d_{k+1} = (1 - eps f''(xi)) d_k for some
xi between x* and x_k. At a maximum with f'' < 0 the factor is above 1 whatever eps > 0 is.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import flint

from extremum.properties.descent.following import ESCAPE_DISTANCE


def predicted(distance: Any, multiplier: Any) -> int | None:
    """The first k with distance * multiplier^(k - 1) > 1/10, both balls; None where the distance does not grow."""
    if distance > flint.arb(ESCAPE_DISTANCE):
        return 1
    if not distance > 0 or not multiplier > 1:
        return None
    steps = (flint.arb(ESCAPE_DISTANCE) / distance).log() / multiplier.log()
    k = 1 + max(1, ceil(float(steps.mid())))
    return (
        k if distance * multiplier ** (k - 1) > flint.arb(ESCAPE_DISTANCE) else k + 1
    )  # the estimate is one short at a power
