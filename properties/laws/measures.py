"""Measures that properties share: what is measured of a view, and what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.model.view import Measured, View
from extremum.reference.arithmetic.wide import choose


def absolute_error(view: View) -> Measured:
    """The distance of each entry from its exact value; the error bound of the role is allowed.

    Infinite where an entry is not finite and the exact value is in range.
    """
    return view.error(abs(view.out - view.exact)), view.error_bound


def nonfinite(view: View) -> Measured:
    """1 for each entry that is NaN or infinite; none is allowed."""
    return np.where(np.isfinite(view.answer), 0.0, 1.0), 0.0


def nonfinite_in_range(view: View) -> Measured:
    """1 for each entry that is NaN or infinite though its exact value is in range; none is allowed."""
    return np.where(np.isfinite(view.answer) | view.excused, 0.0, 1.0), 0.0


def all_in_range(view: View, _whole: View | None) -> bool:
    """Whether all answers are finite, so that `nonfinite` measures nothing."""
    return view.all_finite


def larger(view: View, a: Any, b: Any) -> Any:
    """The larger of two bounds, entry by entry."""
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":  # as they are: to narrow subnormal numbers takes long
        return np.where(a >= b, a, b)
    return choose(view.narrow(a) >= view.narrow(b), a, b)


def counted(view: View) -> Measured:
    """What the experiment counted; none is allowed."""
    return float(view.observation.count), 0.0


def entries(count: int) -> str:
    """A number of entries, in words."""
    return f"{count} entr{'y' if count == 1 else 'ies'}"
