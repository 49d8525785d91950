"""Ctrl-C, which a terminal sends to every process of the command at once: exit 2, and no traceback from any of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no process groups here"),
]


SAID = re.compile(
    r"extremum: interrupted: \d+ of (?:34|136) cells finished; the same command with --resume goes on from there"
)


def interrupted(seconds: float, *words: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command that Ctrl-C reaches so long after its first line."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    with subprocess.Popen(
        [str(Path(sys.executable).parent / "extremum"), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=clean | environment,
    ) as process:
        assert process.stdout is not None
        header = process.stdout.readline()
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate(timeout=120)
    return process.returncode, header + said, errors


@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.0, 2.0, 4.0])
def test_ctrl_c_ends_an_audit_without_a_traceback(tmp_path: Path, seconds: float) -> None:
    words = ("audit", "shifted", "naive", "-n", "2", "--report-dir", str(tmp_path))
    # Interrupted while workers start, import, compile and judge: the header is written just before they start.
    code, said, errors = interrupted(seconds, *words)
    assert said.startswith("shifted: role softmax")
    assert "Traceback" not in said + errors
    assert code == 2, errors
    assert SAID.fullmatch(errors.strip())
    assert (tmp_path / "report.json").exists()


def test_an_audit_that_a_worker_of_xdist_starts_is_no_worker(tmp_path: Path) -> None:
    words = ("audit", "shifted", "naive", "-n", "2", "--report-dir", str(tmp_path))
    code, _, errors = interrupted(2.0, *words, PYTEST_XDIST_WORKER="gw0")
    assert code == 2
    assert SAID.fullmatch(errors.strip())
    assert (tmp_path / "report.json").exists()
