"""The hook that extremum adds to pytest's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extremum.properties.values.finding import Cell


def pytest_extremum_cell(cell: Cell) -> None:
    """Called on the controller for every cell, as soon as its worker is done with it."""
