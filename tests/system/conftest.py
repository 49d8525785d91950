"""Signals of the processes that these tests start, and what their cells share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from extremum.properties.steps.sharing import Shared


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Ctrl-C reaches what a test starts, though a shell that started pytest in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def shared() -> Iterator[Shared]:
    """What cells share; their hosts end with the test."""
    made = Shared()
    yield made
    made.close()
