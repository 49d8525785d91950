"""`extremum replay`: the witnesses of a report run again, a line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape

from extremum.properties.steps.rerun import ERROR, FIXED, STATUSES, STILL, WORSE
from extremum.properties.steps.witness import decode
from extremum.properties.values.finding import Witness
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.errors import UsageError
from extremum.reports.driving.replays import Kept, Replays, dtypes_of, kept_in_file, line
from extremum.reports.record.files import file_to_write, folder_to_write, write
from extremum.reports.record.numbers import number_of
from extremum.reports.views.pytest_file import HEAD, Found, pytest_file
from extremum.reports.views.summary import print_line

STYLES = {FIXED: "green", STILL: "yellow", WORSE: "bold red", ERROR: "bold red"}
NATIVE = ("float64", "float32", "float16", "int64", "bool")  # what an .npz can hold


def run_replay(
    file: str,
    replays: Replays,
    console: Console,
    *,
    tests: str | None = None,
    arrays: str | None = None,
    with_extremum: bool = False,
) -> int:
    """Run the witnesses of a file again, show what became of each, and return the exit code.

    `tests` is a file of tests to write, `with_extremum` if these may need it, and `arrays` a folder for .npz files.
    """
    place, folder = file_to_write("write", tests), folder_to_write("npz", arrays)
    if place is not None and place.exists() and HEAD not in place.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(f"write={tests!r} exists, and extremum did not write it: name another file")
    kept = kept_in_file(Path(file))
    dtypes = dtypes_of(kept)
    counts: Counter[str] = Counter()
    found: list[Found] = []
    try:
        for row in kept:
            outcome, subject = replays.of(row, dtypes[row.word, row.cell.role])
            counts[outcome.status] += 1
            print_line(console, styled(line(row, outcome)))
            if subject is not None:
                found.append(Found(row.cell, row.kind, row.witness, subject, replays.other or row.word))
    finally:
        replays.shared.close()
    if not kept:
        print_line(console, f"no finding with a witness is in {escape(file)}")
    else:
        said = ", ".join(f"{counts[status]} {status.lower()}" for status in STATUSES)
        print_line(console, f"{number_of(len(kept), 'witness')}: {said}")
    if place is not None:
        write(place, pytest_file(found, file, place, with_extremum))
        print_line(console, f"tests: {escape(str(place))}")
    if folder is not None:
        print_line(console, f"arrays: {number_of(_write_arrays(kept, folder), 'file')} in {escape(str(folder))}")
    return 0 if counts[FIXED] == len(kept) else 1


def styled(text: str) -> str:
    """The line of a replay, its status in colour."""
    status, _, rest = text.partition(" ")
    return f"[{STYLES[status]}]{status}[/] {escape(rest)}"


def _write_arrays(kept: Sequence[Kept], folder: Path) -> int:
    """Write the arguments of each witness, those of a format that NumPy lacks as float32, which holds them exactly."""
    for number, row in enumerate(kept, 1):
        named = "-".join((row.cell.subject, row.cell.property, row.cell.dtype, row.kind))
        name = "".join(c if c.isalnum() or c in "-_." else "-" for c in named)
        np.savez(folder / f"{number:03}-{name}.npz", **dict(_arrays(row.witness)))
    return len(kept)


def _arrays(witness: Witness) -> Iterator[tuple[str, Any]]:
    for name, a in decode(witness.arguments).arguments.items():
        yield name, a if a.dtype.name in NATIVE or a.dtype.name not in FORMATS else a.astype(np.float32)
