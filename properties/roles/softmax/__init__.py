"""The role softmax: truth, bound, regimes and properties, one property a module."""

from __future__ import annotations

from extremum.properties.inputs.regimes import MASKED, PLAIN
from extremum.properties.laws import contract
from extremum.properties.model.role import Role
from extremum.properties.roles.softmax import (
    accuracy,
    at_most_one,
    bounds,
    finite,
    gradual_underflow,
    mask,
    monotone,
    nonnegative,
    permutation_equivariance,
    shift_invariance,
    sum_to_one,
)
from extremum.properties.roles.softmax import (
    fused_screen as fused,
)
from extremum.reference.truth import logits as truth

ROLE = Role(
    name="softmax",
    call="f(x, axis=-1)",
    value="exp(x_i) / sum_j exp(x_j)",
    truth=truth.softmax,
    error_bound=bounds.error_bound,
    shiftable=True,
    regimes=PLAIN + MASKED,
    bounded=True,
    masked=0.0,
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
