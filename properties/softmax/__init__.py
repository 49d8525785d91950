"""The role softmax: truth, bound, regimes and properties, one property a module."""

from __future__ import annotations

from extremum.properties import contract
from extremum.properties.regimes import MASKED, PLAIN
from extremum.properties.role import Role
from extremum.properties.softmax import (
    accuracy,
    at_most_one,
    bounds,
    finite,
    fused,
    gradual_underflow,
    mask,
    monotone,
    nonnegative,
    permutation_equivariance,
    shift_invariance,
    sum_to_one,
)
from extremum.reference.softmax import truth

ROLE = Role(
    name="softmax",
    call="f(x, axis=-1)",
    value="exp(x_i) / sum_j exp(x_j)",
    truth=truth.softmax,
    allowance=bounds.allowance,
    regimes=PLAIN + MASKED,
    bounded=True,
    fused=fused.softmax,
    properties=tuple(
        module.PROPERTY
        for module in (
            finite,
            nonnegative,
            at_most_one,
            sum_to_one,
            accuracy,
            gradual_underflow,
            shift_invariance,
            permutation_equivariance,
            monotone,
            mask,
        )
    )
    + contract.WITH_AXIS,
)
