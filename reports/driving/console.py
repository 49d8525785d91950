"""The console that all commands share: lines that are not wrapped, a progress bar, and tables for readers of a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn

from extremum.reports.views.summary import print_line

PIPE_COLUMNS = 120  # characters of a table's line where its reader is no terminal


class PipeSafeConsole(Console):
    """A console whose reader may leave early (`| head`): the audit goes on, and the report is written."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; what cannot be written, on a full disk, is said once, and the audit goes on."""
        try:
            super().print(*objects, **options)
        except OSError as error:
            self.on_broken_pipe()
            with suppress(OSError):
                click.echo(f"extremum: the output cannot be written: {error.strerror or error}", err=True)

    def on_broken_pipe(self) -> None:
        """Write nowhere from now on."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_place(console: Console, folder: Path) -> None:
    """Where the report is."""
    print_line(console, f"report: {folder / 'report.html'}")


def widen(console: Console) -> None:
    """Make room for tables in a file or a pipe."""
    if not console.is_terminal:
        console.width = max(console.width, PIPE_COLUMNS)


@contextmanager
def counting(console: Console, verb: str, total: int, *columns: ProgressColumn) -> Iterator[Callable[[], None]]:
    """A progress bar while the block runs, on a terminal; what this gives counts one more."""
    shared = TextColumn(verb), BarColumn(bar_width=None), MofNCompleteColumn()
    with Progress(*shared, *columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield partial(progress.advance, progress.add_task("", total=total))
