"""Softmax and its derivatives in exact arithmetic, and errors of computed ones, for the claims about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from extremum.reference.arithmetic.exponentials import Exponential, exponentials
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.jets import jets
from extremum.reference.arithmetic.wide import BALLS
from extremum.reference.softmax import naive, shifted
from extremum.reference.truth.logits import Logits

ROW = {"x": "n"}
ENTRY = {"x": "n", "i": "index"}
PAIR = {"x": "n", "i": "index", "j": "index"}
ERROR_BITS = 256


def e(x: Array) -> Array:
    """exp of rational numbers, exactly."""
    return np.exp(exponentials(x))


def softmax(x: Array) -> Array:
    """The softmax of rational numbers, exactly: the definition, transcribed."""
    return naive(exponentials(x))


def shifted_softmax(x: Array) -> Array:
    """The softmax of rational numbers, exactly, by the form that subtracts the maximum."""
    return shifted(exponentials(x))


def total(x: Array) -> Any:
    """The sum of the exponentials of rational numbers, exactly."""
    return e(x).sum()


def partial(f: Callable[[Array], Any], x: Array, j: int) -> Any:
    """The derivative by x_j of each value of f at rational `x`, exactly, by dual numbers."""
    axis = [Exponential(int(k == j)) for k in range(len(x))]
    values = np.asarray(f(jets(list(exponentials(x)), axis)), object)
    slopes = np.empty(values.shape, object)
    slopes.ravel()[:] = [v.slope for v in values.ravel()]
    return slopes if values.ndim else slopes.item()


def jacobian(x: Array) -> Array:
    """The Jacobian of softmax at rational `x`, exactly, from the definition by dual numbers."""
    return np.stack([partial(naive, x, j) for j in range(len(x))], axis=1)


def relative_errors(computed: Array, row: Array) -> list[float]:
    """The relative error of each computed entry of a softmax: from balls, rounded up."""
    with flint.ctx.workprec(ERROR_BITS):
        exact = Logits(row[None], BALLS).s[0]
        return [float(abs(flint.arb(float(c)) / s - 1).upper()) for c, s in zip(computed, exact, strict=True)]


def norm_error(computed: Array, row: Array) -> float:
    """The largest error of an entry, relative to the largest exact entry: from balls, rounded up."""
    with flint.ctx.workprec(ERROR_BITS):
        exact = Logits(row[None], BALLS).s[0]
        top = max(exact, key=lambda s: float(s.mid()))
        return max(float((abs(flint.arb(float(c)) - s) / top).upper()) for c, s in zip(computed, exact, strict=True))
