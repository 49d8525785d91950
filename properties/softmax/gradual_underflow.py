"""EX106 gradual_underflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.role import Property, View


def measure(view: View) -> tuple[Any, Any]:
    """Outputs below the smallest normal are rounded, not flushed to zero.

    Judged where the exact value is subnormal: the error may be the relative one of `accuracy`, plus
    (r_e / u + 1/2) smallest subnormals, so that an output may be 0 only where the exact value is that
    small. Severity is low: processors and compilers flush on purpose, for speed. Outputs that are not
    finite are judged by `finite`. The usual cause: flush-to-zero mode, set by -ffast-math or by a GPU.
    """
    error = view.replace(abs(view.out - view.s), view.flawed, 0.0)
    return view.replace(error, view.narrow(view.s) >= view.fmt.tiny, 0.0), view.allowance


def in_subnormals(view: View) -> Any:
    """The smallest subnormal, the unit of an error below the normal range."""
    return np.full((1, 1), view.fmt.eta)


PROPERTY = Property("gradual_underflow", "EX106", measure, unit="ulp", scale=in_subnormals, severity="low")
