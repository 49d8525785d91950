"""The ledger: every statement of the exercises, in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extremum.properties.claims.claim import Claim
from extremum.properties.claims.exercises import (
    inner_product,
    least_squares,
    quadratic_form,
    softmax_definition,
    softmax_distribution,
    softmax_jacobian,
    softmax_remedy,
    step_size,
)
from extremum.reference.errors import UsageError, nearest


@dataclass(frozen=True)
class Exercise:
    """An exercise's part: its number, as the ids of its claims begin, and what it is about."""

    number: str
    title: str
    claims: Sequence[Claim]


EXERCISES = (
    Exercise("3.1a", "The gradient of an inner product", inner_product.PART),
    Exercise("3.1b", "The gradient of a quadratic form", quadratic_form.PART),
    Exercise("3.1c", "The gradient of a squared norm", least_squares.SQUARED_NORM),
    Exercise("3.1d", "The gradient of least squares", least_squares.LEAST_SQUARES),
    Exercise("3.2", "Softmax", softmax_definition.DEFINITION),
    Exercise("3.2a", "What goes wrong on a computer", softmax_definition.ISSUES),
    Exercise("3.2b", "The remedy", softmax_remedy.PART),
    Exercise("3.2c", "A probability distribution", softmax_distribution.PART),
    Exercise("3.2d", "The Jacobian", softmax_jacobian.PART),
    Exercise("2.3", "A bad step size", step_size.PART),
)
CLAIMS = {claim.id: claim for exercise in EXERCISES for claim in exercise.claims}


def exercise_of(claim: str) -> Exercise:
    """The exercise that a claim belongs to, by the claim's id."""
    return next(e for e in EXERCISES if e.number == claim.rpartition(".")[0])


def chosen(names: Sequence[str]) -> list[Claim]:
    """The claims that are named, by their id or by their exercise; all claims without a name.

    Raises `UsageError` for a name that is neither.
    """
    selected: set[str] = set()
    for name in names:
        ids = {c.id for e in EXERCISES if re.fullmatch(re.escape(name) + "[a-z]?", e.number) for c in e.claims}
        ids |= {name} & CLAIMS.keys()
        if not ids:
            valid = [*(e.number for e in EXERCISES), *CLAIMS]
            raise UsageError(f"claim={name!r} is not known: {nearest(name, valid)}")
        selected |= ids
    return [c for c in CLAIMS.values() if not names or c.id in selected]
