"""Faults of the machine: disks that are full, folders that are files, outputs that take nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import hostile_subjects
import pytest

FILE = Path(hostile_subjects.__file__)
WORDS = ("--role", "softmax", "--dtype", "float32", "--property", "shape", "--examples", "0", "--report-dir", "out")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")


def run(folder: Path, *words: str, output: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "extremum"), "audit", f"{FILE}:sound", *WORDS, "-n", "0", *words]
    return subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.PIPE, text=True, check=False)


def test_a_report_that_cannot_be_written_costs_its_files_alone_and_leaves_the_older_ones(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    old = {name: f"old {name}" for name in ("report.json", "report.md")}
    for name, text in old.items():
        (tmp_path / "out" / name).write_text(text)
    (tmp_path / "out" / "report.html").mkdir()  # nothing can be put in its place
    done = run(tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "1 held" in done.stdout
    assert done.stderr == "extremum: the report cannot be written: Is a directory\n"
    assert "report: " not in done.stdout.splitlines()[-1]
    assert {p.name for p in (tmp_path / "out").iterdir()} == {*old, "report.html", "journal.jsonl"}
    assert {name: (tmp_path / "out" / name).read_text() for name in old} == old


def test_a_file_in_the_place_of_the_folder_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    done = run(tmp_path)
    assert done.returncode == 4
    assert done.stderr.splitlines() == ["extremum: report-dir='out' cannot be written: File exists"]
    assert (tmp_path / "out").read_text() == "mine"


@FULL
def test_an_output_that_takes_nothing_is_said_once_and_the_report_is_written(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = run(tmp_path, output=full.fileno())
    assert done.returncode == 0, done.stderr
    assert done.stderr == "extremum: the output cannot be written: No space left on device\n"
    assert (tmp_path / "out" / "report.json").exists()


def test_more_workers_than_cores_and_limits_of_ages_are_taken_for_what_there_is(tmp_path: Path) -> None:
    done = run(tmp_path, "-n", "100000", "--cell-timeout", "1e18", "--first-call-timeout", "1e18", "--budget", "1e18")
    assert done.returncode == 0, done.stdout + done.stderr
    cores = os.cpu_count()
    assert done.stderr == f"extremum: -n 100000 is more than there are cores: {cores} workers\n"
