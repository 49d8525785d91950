"""The journal of an audit: what is left of a run that was interrupted, ended or killed, and how it is gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from record_schema import SCHEMA

from extremum.reports.record.reading import read_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes in /proc"),
]

# It stands still once the journal has four lines, for as long as the file `hold` is there: so a signal comes in the
# midst of the run, however fast the machine is.
SUBJECT = """
import os, time
import numpy as np
JOURNAL = "out/journal.jsonl"
def lines():
    return open(JOURNAL, "rb").read().count(b"\\n") if os.path.exists(JOURNAL) else 0
def my_softmax(x, axis=-1):
    while os.path.exists("hold") and lines() > 3:
        time.sleep(0.01)
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
def naive_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)
"""
WORDS = ("audit", "mine.py:naive_softmax", "mine.py:my_softmax", "--dtype", "float32", "--report-dir", "out")
FEW = ("--property", "finite,nonnegative,sum_to_one,dtype,shape", "--examples", "0", "--effort", "quick")
REPORT = {"report.json", "report.md", "report.html", "report.sarif"}
SIGNALS = pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
WORKERS = pytest.mark.parametrize("workers", ["0", "2"])


def prepared(folder: Path) -> Path:
    (folder / "mine.py").write_text(SUBJECT)
    (folder / "temporary").mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepared(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of a run that nothing disturbed, which had no journal to go on with."""
    folder = prepared(tmp_path_factory.mktemp("undisturbed"))
    code, _, errors = run(folder, "-n", "2", "--resume")
    assert code == 1, errors
    assert names_written(folder) == REPORT
    record = same(folder)
    assert record["interrupted"] is False
    assert not any(c.get("detail") == "not reached" for c in record["cells"])
    return record


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "HYPOTHESIS"))}
    return subprocess.Popen(
        [str(Path(sys.executable).parent / words[0]), *words[1:]],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=clean | {"TMPDIR": str(folder / "temporary")},
    )


def run(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, output and errors of the audit with these words besides."""
    with started(folder, "extremum", *WORDS, *FEW, *words) as process:
        said, errors = process.communicate(timeout=300)
    return process.returncode, said, errors


def names_written(folder: Path) -> set[str]:
    """The names in the folder of the report, but for the scripts, one for each finding."""
    return {p.name for p in (folder / "out").iterdir()} - {"scripts"}


@contextmanager
def held(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """An audit in its midst: it has written some cells down, and stands still in a call."""
    (folder / "hold").touch()
    with started(folder, *words) as process:
        journal = folder / "out" / "journal.jsonl"
        while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") > 3):
            time.sleep(0.02)
        assert process.poll() is None
        yield process
        (folder / "hold").unlink()


def of_session(process: int) -> list[int]:
    """The processes that were started in the session of the command and live."""
    alive = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(state[3]) == process and state[0] != "Z":
            alive.append(int(place.name))
    return alive


def left_of(folder: Path) -> list[str]:
    return [p.name for p in (folder / "temporary").iterdir()]


def same(folder: Path) -> dict[str, Any]:
    """The record but for what differs from run to run."""
    record = json.loads((folder / "out" / "report.json").read_text())
    jsonschema.validate(record, SCHEMA)
    cells = [{name: value for name, value in cell.items() if name != "seconds"} for cell in record["cells"]]
    return {name: value for name, value in record.items() if name not in {"environment", "command"}} | {"cells": cells}


def judged(folder: Path) -> list[dict[str, Any]]:
    return [c for c in same(folder)["cells"] if c.get("detail") != "not reached"]


@SIGNALS
@WORKERS
def test_a_run_that_is_ended_reports_what_it_has_and_is_gone_on_with(
    folder: Path, undisturbed: dict[str, Any], workers: str, ending: signal.Signals
) -> None:
    with held(folder, "extremum", *WORDS, *FEW, "-n", workers) as process:
        os.killpg(process.pid, ending)
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 2, errors
    assert "Traceback" not in said + errors
    finished = judged(folder)
    assert 3 <= len(finished) < 10
    assert all(c["verdict"] in {"held", "refuted"} for c in finished)  # nobody crashed
    told = f"interrupted: {len(finished)} of 10 cells finished"
    assert errors.splitlines()[-1] == f"extremum: {told}; the same command with --resume goes on from there"
    assert same(folder)["interrupted"] is True
    assert (folder / "out/report.md").read_text().startswith(f"# extremum: {told}")
    assert f"<h1>{told}" in (folder / "out/report.html").read_text()
    assert names_written(folder) == {*REPORT, "journal.jsonl"}
    assert of_session(process.pid) == []
    assert left_of(folder) == []
    code, said, errors = run(folder, "-n", workers, "--resume")
    assert code == 1, errors
    assert names_written(folder) == REPORT
    assert same(folder) == undisturbed


@SIGNALS
@WORKERS
def test_another_signal_does_not_tear_the_report(folder: Path, workers: str, ending: signal.Signals) -> None:
    with held(folder, "extremum", *WORDS, *FEW, "-n", workers) as process:
        os.killpg(process.pid, ending)
        os.killpg(process.pid, ending)
        while process.poll() is None:  # while pytest ends, plots are drawn and files written
            time.sleep(0.02)
            process.send_signal(ending)
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 2, errors
    assert "Traceback" not in said + errors
    assert same(folder)["interrupted"] is True
    assert names_written(folder) == {*REPORT, "journal.jsonl"}
    assert of_session(process.pid) == []
    assert left_of(folder) == []


@WORKERS
def test_what_a_killed_run_had_finished_is_not_judged_again(
    folder: Path, undisturbed: dict[str, Any], workers: str
) -> None:
    with held(folder, "extremum", *WORDS, *FEW, "-n", workers) as process:
        process.kill()
    journal = folder / "out" / "journal.jsonl"
    assert names_written(folder) == {"journal.jsonl"}
    for _ in range(200):
        if not of_session(process.pid):
            break
        time.sleep(0.1)
    assert of_session(process.pid) == []
    assert len(left_of(folder)) == 1
    with journal.open("ab") as file:
        file.write(b'{"digest": "')  # as a line that was being written
    before = [line["cell"] for line in map(json.loads, journal.read_text().splitlines()[1:-1])]
    code, _, errors = run(folder, "-n", workers, "--resume")
    assert code == 1, errors
    assert left_of(folder) == []  # the next run cleans up after it
    assert names_written(folder) == REPORT
    cells = [cell.to_json() for cell in read_report(folder / "out/report.json").cells]
    seconds = {(c["subject"], c["property"]): c["seconds"] for c in cells}
    assert len(before) >= 3
    for cell in before:  # it was not judged again
        assert seconds[cell["subject"], cell["property"]] == cell["seconds"]
    assert same(folder) == undisturbed


def test_the_projects_own_pytest_run_is_gone_on_with_too(folder: Path, undisturbed: dict[str, Any]) -> None:
    words = [w for w in WORDS[1:] if not w.startswith("mine")]
    subjects = ["--subject", "mine.py:naive_softmax", "--subject", "mine.py:my_softmax"]
    command = ("pytest", *subjects, *words, *FEW, "-p", "no:cacheprovider", "--basetemp", "temporary/base")
    with held(folder, *command, "-n", "2") as process:
        process.send_signal(signal.SIGTERM)  # to the controller alone
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 2, said + errors
    assert f"extremum: interrupted: {len(judged(folder))} of 10 cells finished" in said
    assert of_session(process.pid) == []
    with started(folder, *command, "--resume", "-q") as process:
        said, errors = process.communicate(timeout=300)
    assert process.returncode == 1, said + errors
    assert "2 failed, 8 passed" in said  # what the journal holds is told of, as in a run that nothing disturbed
    assert same(folder) == undisturbed
    with started(folder, "pytest", *subjects, "--resume", "-p", "no:cacheprovider") as process:
        said, errors = process.communicate(timeout=300)
    assert process.returncode == 4
    assert "resume: there is no report-dir with a journal to go on from; add --report-dir DIR" in errors


def test_a_journal_that_is_not_of_this_request_is_refused_in_one_line(folder: Path) -> None:
    with held(folder, "extremum", *WORDS, *FEW, "-n", "2") as process:
        process.kill()
    journal = folder / "out" / "journal.jsonl"
    written = journal.read_bytes()

    def refused(*words: str) -> str:
        code, said, errors = run(folder, "-n", "2", "--resume", *words)
        assert code == 4, said + errors
        assert "Traceback" not in said + errors
        (line,) = filter(None, errors.splitlines())
        assert names_written(folder) == {"journal.jsonl"}
        assert journal.read_bytes() == written
        return line

    assert "is of another request: seed=0 there, 7 here: remove it, or leave out --resume" in refused("--seed", "7")
    assert "dtype=['float32'] there, ['float32', 'float64'] here" in refused("--dtype", "float64")
    (folder / "mine.py").write_text(SUBJECT + "\n# changed\n")
    assert "subject mine.py:my_softmax (softmax) has changed" in refused()
    (folder / "mine.py").write_text(SUBJECT)
    middle = len(written) // 2
    written = written[:middle] + bytes([written[middle] ^ 1]) + written[middle + 1 :]
    journal.write_bytes(written)
    assert "is damaged: remove it, or leave out --resume, which replaces it" in refused()
    assert run(folder, "-n", "2")[0] == 1  # without --resume it is replaced
    assert names_written(folder) == REPORT


@SIGNALS
def test_a_proof_that_is_ended_leaves_no_process_and_no_folder(folder: Path, ending: signal.Signals) -> None:
    text = "import time\ndef my_softmax(x, axis=-1):\n    open('calling', 'w').close()\n    time.sleep(600)\n"
    (folder / "mine.py").write_text(text)
    words = (
        "audit",
        "mine.py:my_softmax",
        "--dtype",
        "float16",
        "--exhaustive",
        "gaps",
        "-n",
        "1",
        "--report-dir",
        "out",
    )
    with started(folder, "extremum", *words) as process:
        while process.poll() is None and not (folder / "calling").exists():
            time.sleep(0.02)
        process.send_signal(ending)
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 2, said + errors
    assert errors == "extremum: interrupted; the same command goes on from where it was\n"
    assert of_session(process.pid) == []
    assert left_of(folder) == []
