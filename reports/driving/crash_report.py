"""After a worker died: what its subject was called with, run again in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.recorder import read
from extremum.properties.roles.registry import place_of, role_named
from extremum.properties.steps.resolve import resolve
from extremum.properties.steps.shrink import parts
from extremum.properties.steps.witness import decode, unfinished
from extremum.properties.values.case import Case, encode
from extremum.properties.values.finding import Cell
from extremum.reports.driving.request import Request, Task
from extremum.reports.driving.watchdog import end_with_parent
from extremum.reports.record.leftovers import scratch_folder

CRASH_RERUNS = 14  # processes that may be spent on making a witness smaller
CRASH_SECONDS = 20.0  # a rerun that takes longer does not crash
HANG_SECONDS = 3.0  # a rerun that takes longer hangs
HANG_RERUNS = 4
STARTING_SECONDS = 120.0  # a process that has not reached the call by then is given up
POLL_SECONDS = 0.1
CALLED_SUFFIX = ".called"


def aftermath(task: Task, folder: Path, worker: str, request: Request) -> Cell:
    """The cell of a worker that died: `hung` where the watchdog ended it, else `crashed`.

    The witness is what the flight recorder kept, made smaller by rerunning parts of it in processes of
    their own for as long as they end the same way.
    """
    cell = Cell(task.subject.name, task.role.name, task.property.name, task.property.code, task.dtype)
    cell.verdict, cell.severity = "hung" if hung(folder, worker) else "crashed", "critical"
    cell.unit = task.property.unit
    cell.expected = task.subject.may_fail(task.property.name, task.dtype)
    recorded = read(folder / f"{worker}.call")
    limit = request.cell_timeout or 0.0
    cell.detail = f"one call had not returned after {limit:g} s" if cell.verdict == "hung" else "the process ended"
    if recorded is None:
        cell.detail += ", on arguments that were too large to keep"
        return cell
    cell.simplest = cell.worst = unfinished(*recorded)
    return confirmed(task, cell)


def hung(folder: Path, worker: str) -> bool:
    """Whether it was the watchdog that ended the worker."""
    return (folder / f"{worker}.hung").exists()


def confirmed(task: Task, cell: Cell) -> Cell:
    """The crashed or hung cell, its witness run again alone, and made smaller for as long as it ends so."""
    if cell.simplest is None:
        return cell
    case = decode(cell.simplest.arguments)
    slow = cell.verdict == "hung"
    how = rerun(task, case, HANG_SECONDS if slow else CRASH_SECONDS)
    if how:
        case = _smallest(task, case, how, slow)
        cell.detail += f": {how}, again when run alone"
    else:
        cell.detail += "; it could not be run alone" if how is None else "; not again when run alone"
    cell.simplest = cell.worst = unfinished(case.arguments, None)
    return cell


def rerun(task: Task, case: Case, seconds: float) -> str | None:
    """How a process that only makes this call ends badly ("SIGSEGV", "exit 3", "no return in 3 s"), or "".

    The time before the call, as that of imports, does not count. None where the call is not reached.
    """
    with scratch_folder() as folder:
        place = folder / "call.json"
        place.write_text(json.dumps(encode(case)))
        spec = (task.subject.origin if task.subject.kind == "user" else "") or task.subject.name
        words = [spec, place_of(task.role), str(place), task.subject.of_origin, str(os.getpid())]
        code = "import sys; from extremum.reports.driving.crash_report import call_once; call_once(*sys.argv[1:])"
        command, nowhere = [sys.executable, "-c", code, *words], subprocess.DEVNULL
        with subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere) as process:
            try:
                ended = _ends(process, STARTING_SECONDS, place.with_suffix(CALLED_SUFFIX)) and _ends(process, seconds)
            finally:
                process.kill()
        called, came_back = place.with_suffix(CALLED_SUFFIX).exists(), not place.exists()
    if not called:
        return None
    if not ended:
        return f"no return in {seconds:g} s"
    if process.returncode < 0:
        return signal.Signals(-process.returncode).name
    return "" if came_back and not process.returncode else f"exit {process.returncode}"


def _ends(process: subprocess.Popen[bytes], seconds: float, until: Path | None = None) -> bool:
    """Wait for the process to end, or for the file; by looks, so that time in which all stands still does not count."""
    for _ in range(max(round(seconds / POLL_SECONDS), 1)):
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_SECONDS)
            return True
        if until is not None and until.exists():
            return True
    return False


def call_once(spec: str, role: str, place: str, of: str, parent: str) -> None:
    """Make the one call that `rerun` describes, and remove `place` when it is over; an exception of the subject's too.

    A subject that ends the process with 0 leaves the file. A file beside it says that the call was reached.
    """
    end_with_parent(int(parent))
    case = decode(json.loads(Path(place).read_text()))
    signature = role_named(role).signature
    subject = resolve(spec, role, of or None)[0]
    Path(place).with_suffix(CALLED_SUFFIX).touch()
    with quiet(), suppress(Misbehaviour):
        Call(subject, signature).array(case.arguments, case.axis)
    Path(place).unlink()


def _smallest(task: Task, case: Case, how: str, slow: bool) -> Case:
    """Halves, rows first and then columns, for as long as one of the two still ends the same way."""
    left = HANG_RERUNS if slow else CRASH_RERUNS
    smaller = True
    while smaller and left > 0:
        smaller = False
        for part in parts(case):
            left -= 1
            if left >= 0 and rerun(task, part, HANG_SECONDS if slow else CRASH_SECONDS) == how:
                case, smaller = part, True
                break
    return case
