"""Cells judged with what the cells of all tests share: each process makes the inputs and their truth once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from extremum.properties import engine
from extremum.properties.calling.call import Call
from extremum.properties.engine import Settings
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.roles.softmax import ROLE
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.subjects.subject import Subject

SHARED = Shared()


def judge_cell(subject: Subject, role: Role, prop: Property, dtype: str, settings: Settings) -> Cell:
    """What the engine's `judge_cell` finds."""
    return engine.judge_cell(subject, role, prop, dtype, settings, SHARED)


def experiment(function: Callable[..., Any], prop: str, dtype: str) -> Experiment:
    """The experiment of a softmax on one of its properties."""
    found = ROLE.property_named(prop)
    assert found is not None
    return Experiment(Call(Subject("it", "softmax", function)), ROLE, found, FORMATS[dtype])
