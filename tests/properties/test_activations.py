"""The role sigmoid: forms in common use are held with their grade, and a flush of the tail is of low severity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties.engine import Settings
from extremum.properties.roles.sigmoid import ROLE
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import Array
from extremum.reference.sigmoid import careful_sigmoid
from extremum.reference.subjects.subject import Subject, named

QUICK = Settings(examples=5, seed=1)
GRADES = {
    "naive_sigmoid": "lost where exp overflows",
    "careful_sigmoid": "full",
    "tanh_sigmoid": "absolute",
    "logarithmic_sigmoid": "conditioned",
    "wide_sigmoid": "full",
}


def judged(subject: Subject, name: str, dtype: str) -> Cell:
    prop = ROLE.property_named(name)
    assert prop is not None
    return judge_cell(subject, ROLE, prop, dtype, QUICK)


def of(function: Callable[..., Array]) -> Subject:
    return Subject("it", "sigmoid", function, axis=None)


@pytest.mark.parametrize("name", GRADES)
def test_a_form_in_common_use_is_held_with_its_grade(name: str) -> None:
    (subject,) = named(name, "sigmoid")
    cell = judged(subject, "accuracy", "float16")
    assert (cell.verdict, cell.grade) == ("held", GRADES[name])


def test_a_flush_is_gradual_underflow_and_what_overflow_loses_is_not() -> None:
    def flushing(x: Array) -> Array:
        y = careful_sigmoid(x)
        return np.where(y < np.finfo(x.dtype).tiny, 0, y).astype(x.dtype)

    cell = judged(of(flushing), "gradual_underflow", "float32")
    assert (cell.verdict, cell.severity) == ("refuted", "low")
    for name in ("naive_sigmoid", "tanh_sigmoid"):
        (subject,) = named(name, "sigmoid")
        assert judged(subject, "gradual_underflow", "float32").verdict == "held"
