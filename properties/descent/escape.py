"""The law of escape: from the landing on, each step leads 1 - eps f''(x*) times as far from the maximum.

With d_k = x_k - x*, and f'(x*) = 0, the mean value theorem gives an exact step d_{k+1} = (1 - eps f''(xi)) d_k for some
xi between x* and x_k. At a maximum with f'' < 0 the factor is above 1 whatever eps > 0 is.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import flint

from extremum.properties.descent.following import NEAR


def predicted(distance: Any, multiplier: Any) -> int | None:
    """The first k with distance * multiplier^(k - 1) > 1/10; both are balls. None where nothing grows from 0."""
    if distance > flint.arb(NEAR):
        return 1
    if not distance > 0 or not multiplier > 1:
        return None
    steps = (flint.arb(NEAR) / distance).log() / multiplier.log()
    k = 1 + max(1, ceil(float(steps.mid())))
    return k if distance * multiplier ** (k - 1) > flint.arb(NEAR) else k + 1  # where the ratio is a power
