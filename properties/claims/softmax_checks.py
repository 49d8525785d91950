"""Checks that several exercises about softmax share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from extremum.properties.claims.checks import audited, equation, holds_for_floats
from extremum.properties.claims.claim import EXACT, Check
from extremum.properties.claims.exponents import PAIR, e, total
from extremum.properties.claims.limits import exponential_differences, holds_in_cases
from extremum.properties.claims.quotients import rounded_exp
from extremum.reference.arithmetic.exponentials import Exponential
from extremum.reference.arithmetic.formats import Array

FINITE_AS_PRINTED = audited(
    "run as printed, it gives finite numbers for all finite inputs", "softmax", ["finite"], ["naive"]
)
FINITE_IF_SOUND = audited("sound references give finite numbers", "softmax", ["finite"])
NONNEGATIVE = audited("no reference returns a negative entry", "softmax", ["nonnegative"])
MAXIMUM_FIRST = "In floating point, the maximum is subtracted first (3.2b)."
EXP_IS_ITS_DERIVATIVE = holds_in_cases(r"the derivative of $\exp$ is $\exp$", EXACT, exponential_differences)
EXP_IS_ROUNDED = holds_for_floats(r"computed, it is right to $r_e$", rounded_exp)


def is_softmax(says: str, quotients: Callable[[Array], Array] = lambda x: e(x) / total(x)) -> Check:
    """The quotients sum to 1 and are to each other as the exponentials: no other numbers than those of softmax do."""
    return equation(
        says,
        PAIR,
        lambda x, i, j: np.array([quotients(x).sum(), quotients(x)[i] / quotients(x)[j]], object),
        lambda x, i, j: np.array([Exponential(1), Exponential(x[i] - x[j]).exp()], object),
    )
