"""Kills: an audit or a proof of which one process gets a signal at some moment, and what becomes of the run.

A process is looked for by its environment: all that a run starts has the mark of the run, in whatever session it is.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_runs import NEIGHBOUR, REPORT, alive

from extremum.reports.record.reading import read_report

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
TARGETS = ("host", "worker", "controller")
SUBJECTS = f"""
import numpy as np
def {NEIGHBOUR}(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
def naive(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)
"""
AUDIT = ("naive", NEIGHBOUR, "--dtype", "float32", "--property", "finite,accuracy,purity,determinism")
PROOF = (NEIGHBOUR, "--dtype", "float16", "--property", "finite,sum_to_one", "--exhaustive", "gaps")
SEARCH = ("--examples", "0", "--regime", "ordinary,overflow-edge", "--effort", "quick")
ENDING_SECONDS = 120.0
BOOT = b"_host_process"  # in the command of a host

Cells = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Kill:
    """A signal to one process of a run, once or twice, so long after the run began."""

    proof: bool
    workers: str
    target: str
    sent: signal.Signals
    twice: bool
    share: float  # of the seconds of an undisturbed run
    resume: bool

    def __str__(self) -> str:
        what = f"{'proof' if self.proof else 'audit'} -n {self.workers}: {self.sent.name} to a {self.target}"
        return f"{what}{', twice' if self.twice else ''}, after {self.share:.0%}{', --resume' if self.resume else ''}"


def kills(count: int, seed: int = 0) -> list[Kill]:
    """So many, of all signals and targets in turn."""
    draw = random.Random(seed)
    rows = [(sent, target, twice) for twice in (False, True) for sent in SIGNALS for target in TARGETS]
    made = []
    for number in range(count):
        sent, target, twice = rows[number % len(rows)]
        proof = draw.random() < 0.25
        workers = draw.choice("12" if target == "worker" else "012")
        made.append(Kill(proof, workers, target, sent, twice, draw.random(), draw.random() < 0.5 and not proof))
    return made


@dataclass
class Folder:
    """A folder with subjects, in which runs are started."""

    path: Path

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "mine.py").write_text(SUBJECTS)
        (self.path / "temporary").mkdir(exist_ok=True)

    @property
    def report(self) -> Path:
        return self.path / "report"

    def start(self, kill: Kill, mark: str, resume: bool = False) -> subprocess.Popen[bytes]:
        words = [f"mine.py:{w}" if w in (NEIGHBOUR, "naive") else w for w in (PROOF if kill.proof else AUDIT)]
        words += [*(() if kill.proof else SEARCH), "--role", "softmax", "-n", kill.workers, "--report-dir", "report"]
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "extremum"), "audit", *words, *(["--resume"] if resume else [])],
            cwd=self.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
            | {"TMPDIR": str(self.path / "temporary"), "ZOO_RUN": mark},
        )

    def cells(self) -> Cells:
        """The cells of the report that are judged, without the seconds that they took."""
        if not (self.report / "report.json").exists():
            return {}
        rows = [cell.to_json() for cell in read_report(self.report / "report.json").cells]
        return {_key(row): _untimed(row) for row in rows if row["verdict"] != "incomplete"}

    def journalled(self) -> Cells:
        """The cells of the journal, but for a last line that was cut."""
        with suppress(FileNotFoundError):
            lines = (self.report / "journal.jsonl").read_bytes().split(b"\n")[:-1]
            rows = [row["cell"] for line in lines if "cell" in (row := json.loads(line))]
            return {_key(row): _untimed(row) for row in rows}
        return {}

    def half_written(self) -> list[str]:
        """What lies in the folder of the report, and is no report, journal or checkpoint."""
        names = {place.name for place in self.report.glob("*")} if self.report.is_dir() else set()
        return sorted(n for n in names - REPORT - {"journal.jsonl", "scripts"} if not n.startswith("checkpoint-"))


def undisturbed(folder: Folder, kill: Kill) -> tuple[int, Cells, float]:
    """Exit code, cells and seconds of a run of this kind to which nothing is done."""
    began = time.monotonic()
    with folder.start(kill, "") as process:
        process.communicate()
    return process.returncode, folder.cells(), time.monotonic() - began


def wrong(folder: Folder, kill: Kill, expected: tuple[int, Cells, float]) -> tuple[bool, list[str]]:
    """Whether the signal reached a process, and what is not as it should be then.

    The run is begun again in the same folder. Where a worker or a host was killed, nothing may differ at all.
    """
    code, cells, seconds = expected
    mark = str(uuid.uuid4())
    with folder.start(kill, mark) as process:
        time.sleep(kill.share * seconds)
        sent, before = 0, folder.journalled()
        for _ in range(1 + kill.twice):
            before = folder.journalled()
            sent += _send(kill, process, mark)
            time.sleep(0.1)
        try:
            said = process.communicate(timeout=ENDING_SECONDS)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            process.kill()
            return sent > 0, [f"has not ended after {ENDING_SECONDS:g} s"]
    found = []
    killed = kill.target == "controller" and sent and process.returncode != code  # it may have been over by then
    known = folder.journalled() | folder.cells()
    if any(known.get(key) != cell for key, cell in before.items()):
        found.append("a cell that had ended is lost, or another")
    if killed:
        ends = {-kill.sent} if kill.sent is signal.SIGKILL else {2, -kill.sent, 128 + kill.sent}
        if process.returncode not in ends:
            found.append(f"exit {process.returncode}: {said[-500:]}")
    elif (process.returncode, folder.cells()) != (code, cells):
        found.append(f"exit {process.returncode}, not {code}; {_differences(folder.cells(), cells)}; {said[-800:]}")
    if "Traceback" in said:
        found.append(f"a traceback: {said[-1500:]}")
    if kill.sent is not signal.SIGKILL and folder.half_written():
        found.append(f"left {folder.half_written()}")
    if orphans := _orphans(mark):
        found.append(f"goes on: {orphans}")
    with folder.start(kill, "", kill.resume) as process:
        said = process.communicate()[0].decode(errors="replace")
    if (process.returncode, folder.cells()) != (code, cells):
        found.append(f"begun again, exit {process.returncode} or other cells: {said[-500:]}")
    if folder.half_written() or {p.name for p in folder.report.iterdir()} - {"scripts"} != REPORT:
        found.append(f"begun again, it leaves {sorted(p.name for p in folder.report.iterdir())}")
    if left_over := [p.name for p in (folder.path / "temporary").iterdir()]:
        found.append(f"begun again, it leaves {left_over} among the temporary folders")
    return sent > 0, found


def _send(kill: Kill, run: subprocess.Popen[bytes], mark: str) -> int:
    """Send the signal to a process of the kind, as soon as there is one; how many got it."""
    while run.poll() is None:
        for process in [run.pid] if kill.target == "controller" else _processes(kill.target, run.pid, mark):
            with suppress(ProcessLookupError):
                os.kill(process, kill.sent)
                return 1
    return 0


def _processes(target: str, controller: int, mark: str) -> Sequence[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (place / "environ").read_bytes() and int(place.name) != controller:
                host = BOOT in (place / "cmdline").read_bytes()
                if host == (target == "host"):
                    found.append(int(place.name))
    return sorted(found, reverse=True)


def _orphans(mark: str) -> list[str]:
    for _ in range(100):
        if not alive(mark):
            return []
        time.sleep(0.1)
    return alive(mark)


def _key(row: dict[str, Any]) -> str:
    return f"{row['subject']} {row['property']} {row['dtype']}"


def _untimed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("seconds", "profile")}  # a report thins profiles


def _differences(there: Cells, here: Cells) -> list[str]:
    verdicts = {key: (there.get(key, {}).get("verdict"), here.get(key, {}).get("verdict")) for key in here}
    return [f"{key}: {one}, not {other}" for key, (one, other) in verdicts.items() if there.get(key) != here[key]]
