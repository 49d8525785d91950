"""EX106 gradual_underflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.role import Property, View
from extremum.properties.softmax.bounds import flushed


def measure(view: View) -> tuple[Any, Any]:
    """Outputs below the smallest normal are rounded, not flushed to zero.

    Judged where the output is 0 and the exact value is subnormal (`bounds.flushed`): that value may be no
    larger than (r_e / u + 1/2) smallest subnormals, plus the relative allowance of `accuracy`. Severity is
    low: processors and compilers flush on purpose, for speed, and what is lost weighs next to nothing.
    Any other error in the subnormal range is one of `accuracy`. The usual cause: flush-to-zero mode, set by
    -ffast-math or by a GPU's kernel.
    """
    return view.replace(abs(view.out - view.s), ~flushed(view), 0.0), view.allowance


def in_subnormals(view: View) -> Any:
    """The smallest subnormal, the unit of an error below the normal range."""
    return np.full((1, 1), view.fmt.eta)


PROPERTY = Property("gradual_underflow", "EX106", measure, unit="ulp", scale=in_subnormals, severity="low")
