"""A witness is run again in a process that has answered nothing else: what fails there alone is a defect of values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from extremum.properties.calling.call import Call
from extremum.properties.calling.host_channel import Limits
from extremum.properties.calling.hosts import Host
from extremum.properties.diagnosis.cause_table import NONDETERMINISTIC, STATE
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.rerun import replay
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.steps.witness import unrepeated
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.record.findings import findings_of

KERNELS = """
import random

import numpy as np

maxima = {}


def keeps_its_maximum(x, axis=-1):
    m = maxima.setdefault(x.shape, x.max(axis=axis, keepdims=True))
    e = np.exp(x - m)
    return e / e.sum(axis=axis, keepdims=True)


def overflows(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def wrong_by_chance(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True) * x.dtype.type(1.001 if random.random() < 0.2 else 1.0)


def wrong_after_many_calls(x, axis=-1):
    maxima["calls"] = maxima.get("calls", 0) + 1
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True) * x.dtype.type(1.0 if maxima["calls"] < 40 else 1.001)
"""
ROLE = role_named("softmax")


def cells(folder: Path, name: str, *properties: str) -> list[Cell]:
    (folder / "kernels.py").write_text(KERNELS)
    subject = tried(f"{folder}/kernels.py:{name}", ROLE, Wish(dtypes=["float32"]))
    shared, settings = Shared(), Settings(examples=0, timeout=600.0)
    try:
        found = [ROLE.property_named(prop) for prop in properties]
        return [judge_cell(subject, ROLE, prop, "float32", settings, shared) for prop in found if prop is not None]
    finally:
        shared.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["keeps_its_maximum", "wrong_after_many_calls"])
def test_what_a_fresh_process_answers_well_is_state_that_leaks_and_never_told_as_mended(
    tmp_path: Path, name: str
) -> None:
    found = cells(tmp_path, name, "accuracy", "axis", "shift_invariance")
    refuted = [cell for cell in found if cell.verdict == "refuted"]
    assert {cell.cause for cell in refuted} == {STATE}
    assert len(findings_of(found)) == 1
    accuracy = refuted[0]
    assert accuracy.simplest is not None
    assert "a fresh process answers it well" in unrepeated(accuracy.simplest)
    prop = ROLE.property_named("accuracy")
    assert prop is not None
    subject = tried(f"{tmp_path}/kernels.py:{name}", ROLE, Wish(dtypes=["float32"]))
    host = Host(subject.place or {}, Limits(), axis="axis")
    try:
        experiment = Experiment(Call(subject, ROLE.signature, host), ROLE, prop, FORMATS["float32"])
        again = replay(experiment, accuracy.simplest, "refuted", 60.0)
        without = replay(experiment, replace(accuracy.simplest, certified="balls"), "refuted", 60.0)
    finally:
        host.end()
    assert (again.status, without.status) == ("ERROR", "FIXED")


def test_chance_is_no_state_and_never_told_as_mended(tmp_path: Path) -> None:
    found = [c for c in cells(tmp_path, "wrong_by_chance", "accuracy", "sum_to_one") if c.verdict == "refuted"]
    assert found
    assert {cell.cause for cell in found} == {NONDETERMINISTIC}
    assert all(unrepeated(cell.simplest) for cell in found if cell.simplest is not None)
    assert len(findings_of(found)) == 1


def test_a_defect_of_values_keeps_its_cause(tmp_path: Path) -> None:
    (cell,) = cells(tmp_path, "overflows", "finite")
    assert (cell.verdict, cell.cause) == ("refuted", "exp overflow")
    assert cell.simplest is not None
    assert not unrepeated(cell.simplest)
