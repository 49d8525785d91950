"""Cells judged with what the cells of all tests share: each process makes the inputs and their truth once."""

from __future__ import annotations

from extremum.properties import engine
from extremum.properties.engine import Settings
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.reference.subjects.subject import Subject

SHARED = Shared()


def judge_cell(subject: Subject, role: Role, prop: Property, dtype: str, settings: Settings) -> Cell:
    """What the engine's `judge_cell` finds."""
    return engine.judge_cell(subject, role, prop, dtype, settings, SHARED)
