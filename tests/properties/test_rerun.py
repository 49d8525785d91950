"""A witness run again: mended, still so, or worse; never `FIXED` where nothing shows that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from extremum.properties.calling.call import Call
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.rerun import replay
from extremum.properties.steps.witness import SEEN_ONCE
from extremum.properties.values.finding import Witness
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.softmax import shifted
from extremum.reference.subjects.subject import Subject

X = {"dtype": "float32", "shape": [1, 2], "layout": "C", "values": ["0x0.0p+0", "0x1.0p+0"]}
WITNESS = Witness({"x": X}, "ordinary", 20.0, 13.0)


def off_by(ulps: float) -> Any:
    """A softmax that is so many ulps too large in its first entry."""

    def softmax(x: Any, axis: int = -1) -> Any:
        y = shifted(x, axis=axis)
        y[..., 0] += np.float32(ulps) * np.spacing(y[..., 0])
        return y

    return softmax


def outcome(function: Any, witness: Witness = WITNESS, verdict: str = "refuted", prop: str = "accuracy") -> str:
    role = role_named("softmax")
    chosen = role.property_named(prop)
    assert chosen is not None
    call = Call(Subject("f", "softmax", function), role.signature)
    return replay(Experiment(call, role, chosen, FORMATS["float32"]), witness, verdict, 10.0).status


@pytest.mark.parametrize(
    ("ulps", "before", "status"),
    [
        (0, 20.0, "FIXED"),
        (20, 20.0, "STILL"),
        (20, 18.0, "STILL"),  # by more than an ulp, and less than a tenth
        (24, 20.0, "WORSE"),
        (20, 25.0, "STILL"),
        (1000, 950.0, "STILL"),
        (1000, 900.0, "WORSE"),
        (20, "inf", "STILL"),
        (np.inf, 20.0, "WORSE"),
        (np.nan, "inf", "STILL"),
        (20, None, "STILL"),
    ],
)
def test_an_error_is_worse_that_has_grown_by_more_than_an_ulp_and_a_tenth(
    ulps: float, before: Any, status: str
) -> None:
    assert outcome(off_by(ulps), replace(WITNESS, measured=before)) == status


def test_what_ended_or_hung_and_answers_wrongly_now_is_not_mended() -> None:
    assert outcome(off_by(20), verdict="crashed") == "STILL"
    assert outcome(shifted, verdict="hung") == "FIXED"


def test_what_no_rerun_showed_when_it_was_found_is_not_called_mended() -> None:
    witness = replace(WITNESS, certified=f"balls; {SEEN_ONCE}, 3 reruns differed")
    assert outcome(shifted, witness) == "ERROR"
    assert outcome(off_by(20), witness) == "STILL"


@pytest.mark.parametrize(
    "arguments", [{"y": X}, {"x": {**X, "shape": [2, 1, 1]}}, {"x": {**X, "values": X["values"][:1]}}]
)
def test_arguments_that_are_not_the_propertys_are_an_error(arguments: Any) -> None:
    assert outcome(shifted, replace(WITNESS, arguments=arguments)) == "ERROR"
