"""What a reader sees of a run beside its findings: JUnit's cases, the warnings of an import, a line a minute."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from extremum.properties.steps.resolve import definition_of, resolve
from extremum.properties.steps.trial import Wish
from extremum.reports.driving.heartbeat import BEAT_SECONDS, Heartbeat

MINE = """import warnings
import numpy as np
warnings.warn("this module is old")

def my_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)
"""
HEARD = "extremum: mine.py:my_softmax: at import: mine.py:3: UserWarning: this module is old"
ROLE = """import warnings
from dataclasses import replace
from extremum.properties.roles.softmax import ROLE as SOFTMAX
warnings.warn("this role is old")
ROLE = replace(SOFTMAX, name="my_own")
"""
ONE_DTYPE = ("--dtype", "float32", "--property", "finite,dtype", "--effort", "quick")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "own.py").write_text(ROLE)
    return tmp_path


def run(folder: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_case_of_junit_has_file_and_line_and_nothing_of_ours(folder: Path, workers: str) -> None:
    words = ("--subject", "mine.py:my_softmax", *ONE_DTYPE, "-n", workers, "--junitxml", "out.xml")
    run(folder, "pytest", *words, "-o", "junit_family=xunit1")
    cases = list(ET.parse(folder / "out.xml").iter("testcase"))
    assert {case.get("name") for case in cases} == {"finite[float32]", "dtype[float32]"}
    for case in cases:
        assert case.get("file") == "mine.py"
        assert {p.get("name"): p.get("value") for p in case.iter("property")} == {"file": "mine.py", "line": "5"}
    (failure,) = (f for case in cases for f in case.iter("failure"))
    assert "exp overflow" in (failure.text or "")
    assert "profile" not in (folder / "out.xml").read_text()


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("command", [("extremum", "audit"), ("pytest", "-q", "--subject")])
def test_the_warnings_of_an_import_are_shown_once(folder: Path, workers: str, command: tuple[str, ...]) -> None:
    said = run(folder, *command, "mine.py:my_softmax", *ONE_DTYPE, "-n", workers, "--role", "own.py")
    assert said.count("UserWarning: this role is old") == 1
    if command[0] == "extremum":  # pytest's header is left out by -q
        assert [line for line in said.splitlines() if "module is old" in line] == [HEARD]


def test_where_a_subject_is_defined_is_known_in_either_process(folder: Path) -> None:
    place = folder / "mine.py"
    for wish in (None, Wish(dtypes=["float32"])):
        with pytest.warns(UserWarning, match="old") if wish is None else pytest.MonkeyPatch.context():
            (subject,) = resolve(f"{place}:my_softmax", None, wish=wish)
        assert definition_of(subject) == (str(place), 5)
    assert definition_of(resolve("naive", None)[0]) is not None


def test_a_heartbeat_goes_on_until_it_is_stopped() -> None:
    beats, enough = [], threading.Event()

    def say() -> None:
        beats.append(threading.current_thread())
        if len(beats) == 3:
            enough.set()
        if len(beats) == 2:
            raise BrokenPipeError

    heart = Heartbeat(say, seconds=0.001)
    heart.start()
    assert enough.wait(60)
    heart.stop()
    beats[0].join(60)
    assert not beats[0].is_alive()


def test_a_run_that_is_over_within_a_minute_has_no_heartbeat_and_a_longer_one_says_how_far_it_is(folder: Path) -> None:
    words = ("audit", "mine.py:my_softmax", *ONE_DTYPE, "-n", "0")
    assert "cells after" not in run(folder, "extremum", *words)
    patch = "import extremum.reports.driving.heartbeat as h; h.Heartbeat.__init__.__defaults__ = (0.01,)"
    start = f"{patch}; import sys; sys.argv = ['extremum', *{words!r}]; from extremum.reports.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", start], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"^extremum: [01] of 2 cells after 0 min, [01] found$", done.stderr, re.MULTILINE)
    assert "cells after" not in done.stdout
    assert BEAT_SECONDS == 60
