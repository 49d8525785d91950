"""Comparing two answers to inputs that have the same exact answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.model.view import Measured, View
from extremum.reference.arithmetic.wide import where


def compare(view: View) -> Measured:
    """Measured: the difference of `out` and `other`. Allowed: twice what one sound answer may be off.

    By the triangle inequality two answers that are each within the error bound of the same exact value are
    within twice the error bound of each other. Both NaN, or the same infinity, is no difference: `finite`
    judges it. A flush to zero in one of the two is none either.
    """
    error = where(_flushed_answers(view), 0.0, view.error(abs(view.out - view.other)))
    return error, view.error_bound + view.error_bound


def _flushed_answers(view: View) -> Any:
    out, other = view.observation.out, view.observation.other
    assert out is not None
    assert other is not None
    zero = np.asarray((out == 0) | (other == 0))[:, view.columns] & ~view.wrong_nonfinite
    if zero.any():  # what was not flushed is as small
        larger = np.maximum(np.abs(out.astype(np.float64)), np.abs(other.astype(np.float64)))[:, view.columns]
        zero &= larger < 2 * view.fmt.tiny
    return zero & (np.abs(view.narrow(view.exact)) < view.fmt.tiny) if zero.any() else zero
