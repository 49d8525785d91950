"""The hooks that extremum adds to pytest's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from extremum.properties.values.finding import Cell


def pytest_extremum_cell(cell: Cell) -> None:
    """Called on the controller for every cell, as soon as its worker is done with it."""


@pytest.hookspec(firstresult=True)
def pytest_extremum_refused(message: str) -> bool | None:
    """Called where an audit can't be made as asked; True from who has told the user why, else pytest does."""
