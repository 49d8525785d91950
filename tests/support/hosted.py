"""Subjects of `hostile_subjects` in hosts, for the tests of what they do there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hostile_subjects
import numpy as np

from extremum.properties.calling.host_channel import Limits
from extremum.properties.calling.hosts import Host
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.values.finding import Cell
from extremum.reference.subjects.subject import Subject

FILE = Path(hostile_subjects.__file__)
SOUND: Any = hostile_subjects.sound
ROLE = role_named("softmax")
SHORT, LONG = np.ones((2, 3), np.float32), np.ones((2, 64), np.float32)
QUICK = Settings(examples=0, timeout=600.0)
# A softmax that says something where its process answers.
FORGED = """
import json, os, socket, stat
def channel():
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield socket.socket(fileno=os.dup(number))
        except OSError:
            pass
def say(text):
    for it in channel():
        try:
            it.send(text.encode())
        except OSError:
            pass
def softmax(x, axis=-1):
    say(MESSAGE + "\\n")
    return x
"""


def host(name: str, limits: Limits | None = None) -> Host:
    """The host of one of these subjects."""
    return Host({"spec": f"{FILE}:{name}"}, limits or Limits(), axis="axis")


def subject(name: str, **wish: Any) -> Subject:
    """One of these subjects, after its trial call."""
    return tried(f"{FILE}:{name}", ROLE, Wish(**{"dtypes": ["float32"], **wish}))


def judged(name: str, prop: str, shared: Shared, settings: Settings = QUICK) -> Cell:
    """The cell of one of these subjects."""
    found = ROLE.property_named(prop)
    assert found is not None
    return judge_cell(subject(name), ROLE, found, "float32", settings, shared)
