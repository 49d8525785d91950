"""What a notebook shows while `audit` runs: a bar, and what was found so far."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from extremum.properties.values.finding import Cell
from extremum.reports.record.numbers import number_of

Tell = Callable[[Cell], None]


@contextmanager
def progress(total: int) -> Iterator[Tell]:
    """A bar below the code in a notebook while the block runs, and nothing elsewhere; it is told of each cell."""
    handle = _display(_bar(0, total, 0))
    done = found = 0

    def tell(cell: Cell) -> None:
        nonlocal done, found
        done, found = done + 1, found + cell.unexpected
        if handle is not None:
            handle.update(_html(_bar(done, total, found, f"{cell.property} in {cell.dtype}")))

    try:
        yield tell
    finally:
        if handle is not None:  # the report takes its place
            handle.update(_html(""))


def _bar(done: int, total: int, found: int, last: str = "") -> str:
    text = f"{done:,} of {number_of(total, 'cell')}" + (f", {found:,} with a finding" if found else "")
    after = f"; {last}" if last else ""
    return (
        f'<label>auditing <progress value="{done}" max="{max(total, 1)}" aria-label="audited cells"></progress> '
        f"{escape(text + after)}</label>"
    )


def _display(html: str) -> Any:
    """A display that can be updated, in a kernel that has a front end; None anywhere else."""
    ipython = sys.modules.get("IPython")  # a notebook has loaded it
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    return display(_html(html), display_id=True)


def _html(text: str) -> Any:
    from IPython.display import HTML

    return HTML(text)
