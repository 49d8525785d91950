"""What a refuted cell fails for is told where that can be told; what a subject does meanwhile costs no verdict."""

from __future__ import annotations

from typing import Any

import pytest
from shared_cells import experiment

from extremum.properties.calling.host_channel import Ended, Killed
from extremum.properties.diagnosis import symptoms
from extremum.properties.diagnosis.symptoms import attributed
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.witness import Contradiction
from extremum.properties.values.finding import Cell
from extremum.reference.softmax import naive

CELL = Cell("naive", "softmax", "finite", "EX101", "float32", "refuted")


def told(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Cell:
    def raising(*_given: Any) -> Cell:
        raise error

    monkeypatch.setattr(symptoms, "_attributed", raising)
    return attributed(CELL, experiment(naive, "finite", "float32"), lambda: False, 0, Shared())


@pytest.mark.parametrize("error", [Ended("SIGSEGV"), ValueError("rows of no entry")])
def test_a_subject_that_does_not_bear_a_correction_keeps_its_verdict(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    assert told(monkeypatch, error) is CELL


@pytest.mark.parametrize("error", [Killed("SIGKILL"), Contradiction("balls clear what the screen refuted")])
def test_what_is_not_the_subjects_doing_is_passed_on(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    with pytest.raises(type(error)):
        told(monkeypatch, error)
