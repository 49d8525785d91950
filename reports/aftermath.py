"""After a worker died: what its subject was called with, run again in processes of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from extremum.properties.call import Call, Misbehaviour, quiet
from extremum.properties.case import decode
from extremum.properties.finding import Cell
from extremum.properties.recorder import read
from extremum.properties.resolve import resolve
from extremum.properties.witness import unfinished
from extremum.reference.formats import FORMATS, Array
from extremum.reports.request import Request, Task

RERUNS = 14  # processes that may be spent on making a witness smaller
CRASH_SECONDS = 20.0  # a rerun that takes longer than this does not crash
HANG_SECONDS = 3.0  # a rerun that takes longer than this hangs
HANG_RERUNS = 4


def aftermath(task: Task, folder: Path, worker: str, request: Request) -> Cell:
    """The cell of a worker that died: `hung` where its watchdog ended it, else `crashed`.

    The witness is what the flight recorder kept, made smaller by rerunning parts of it in processes of
    their own for as long as they end the same way.
    """
    hung = (folder / f"{worker}.hung").stat().st_size > 0 if (folder / f"{worker}.hung").exists() else False
    cell = Cell(task.subject.name, task.role.name, task.property.name, task.property.code, task.dtype)
    cell.verdict, cell.unit, cell.severity = "hung" if hung else "crashed", task.property.unit, "critical"
    cell.expected = task.subject.may_fail(task.property.name, task.dtype)
    recorded = read(folder / f"{worker}.call")
    limit = request.cell_timeout or 0.0
    cell.cause = f"one call had not returned after {limit:g} s" if hung else "the process ended"
    if recorded is None:
        cell.cause += ", on arguments that were too large to keep"
        return cell
    cell.simplest = cell.worst = unfinished(*recorded)
    return confirmed(task, cell)


def confirmed(task: Task, cell: Cell) -> Cell:
    """The crashed or hung cell, its witness run again alone, and made smaller for as long as it ends so."""
    if cell.simplest is None:
        return cell
    case = decode(cell.simplest.arguments)
    x, axis = case.x, case.axis
    hung = cell.verdict == "hung"
    how = rerun(task, x, axis, HANG_SECONDS if hung else CRASH_SECONDS)
    if how:
        x = _smallest(task, x, axis, how, hung)
    cell.cause += f": {how}, again when run alone" if how else "; not again when run alone"
    cell.simplest = cell.worst = unfinished(x, axis)
    return cell


def rerun(task: Task, x: Array, axis: int, seconds: float) -> str:
    """How a process that only makes this call ends badly ("SIGSEGV", "exit 3", "no return in 3 s"), or ""."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "x.bin"
        place.write_bytes(np.ascontiguousarray(x).tobytes())
        words = [task.subject.origin or task.subject.name, task.role.name, x.dtype.name, str(place)]
        words += [",".join(map(str, x.shape)), str(axis)]
        code = "import sys; from extremum.reports.aftermath import call_once; call_once(sys.argv[1:])"
        try:
            done = subprocess.run(
                [sys.executable, "-c", code, *words], capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return f"no return in {seconds:g} s"
    if done.returncode < 0:
        return signal.Signals(-done.returncode).name
    return f"exit {done.returncode}" if done.returncode else ""


def call_once(words: list[str]) -> None:
    """Make the one call that `rerun` describes; an exception of the subject is an ordinary end."""
    spec, role, dtype, place, shape, axis = words
    x = np.frombuffer(Path(place).read_bytes(), FORMATS[dtype].dtype)
    subject = resolve(spec, role)[0]
    with quiet():
        try:
            Call(subject).raw(x.reshape([int(s) for s in shape.split(",") if s]).copy(), int(axis))
        except Misbehaviour:
            return


def _smallest(task: Task, x: Array, axis: int, how: str, hung: bool) -> Array:
    """Halves, rows first and then columns, for as long as one of the two still ends the same way."""
    left = HANG_RERUNS if hung else RERUNS
    smaller = True
    while smaller and left > 0:
        smaller = False
        for part in _parts(x, axis):
            left -= 1
            if left >= 0 and rerun(task, part, axis, HANG_SECONDS if hung else CRASH_SECONDS) == how:
                x, smaller = part, True
                break
    return x


def _parts(x: Array, axis: int) -> Iterator[Array]:
    """Smaller arrays to try: one row, halves of the rows, then halves of the row."""
    rows = [along for along in range(x.ndim) if along != axis % x.ndim and x.shape[along] > 1]
    if rows:
        yield np.take(x, [0], axis=rows[0])
    for along in [*rows, axis % x.ndim][:1]:
        if x.shape[along] > 1:
            yield from np.array_split(x, 2, axis=along)
