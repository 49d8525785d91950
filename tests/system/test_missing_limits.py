"""Where a system has no hosts, as Windows, or not all limits, as macOS: what is there works, what is not is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import extremum
from extremum.properties.calling import missing_limits as limits
from extremum.reference.errors import UsageError
from extremum.reference.softmax import shifted
from extremum.reports.cli import main

# Python reads it at every start, in every process of an audit.
WINDOWS = """
import os, signal, sys
for module, names in (
    (os, ("fork", "forkpty", "killpg", "memfd_create", "pidfd_open", "pread", "preadv", "pwrite", "sysconf")),
    (signal, ("ITIMER_REAL", "SIGALRM", "SIGHUP", "SIGQUIT", "SIG_BLOCK", "pthread_sigmask", "setitimer")),
):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
sys.modules["fcntl"] = sys.modules["resource"] = None
"""
MINE = """
import os
import numpy as np

def my_softmax(x, axis=-1):
    e = np.exp(x); return e / e.sum(axis=axis, keepdims=True)

def writing_softmax(x, out, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True)); out[:] = e / e.sum(axis=axis, keepdims=True)

def leaving_softmax(x, axis=-1):
    os._exit(3)
"""
LACKING = (
    "this system does not have: a process of its own for each subject, --import-timeout, --first-call-timeout, "
    "--cell-timeout, --memory"
)
FINITE = ("--dtype", "float32", "--property", "finite")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "sitecustomize.py").write_text(WINDOWS)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONUTF8": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "extremum", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.mark.slow
def test_without_hosts_an_audit_finds_the_same_says_what_is_missing_and_is_replayed(folder: Path) -> None:
    done = run(folder, "audit", "mine.py:my_softmax", *FINITE)
    assert done.returncode == 1, done.stdout + done.stderr
    assert LACKING in done.stdout.splitlines()
    assert "input     x = [88.72284]  float32[1, 1]  (0x1.62e43p+6)" in done.stdout
    done = run(folder, "replay", "extremum-report/report.json")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "STILL mine.py:my_softmax  finite  float32" in done.stdout


@pytest.mark.slow
def test_without_hosts_a_subject_may_write_into_its_last_argument(folder: Path) -> None:
    done = run(folder, "audit", "mine.py:writing_softmax", "--role", "softmax", "--out", *FINITE, "-q")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_without_hosts_a_crash_costs_a_worker_and_is_a_verdict(folder: Path) -> None:
    done = run(folder, "audit", "mine.py:leaving_softmax", "--role", "softmax", *FINITE)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "crashed mine.py:leaving_softmax: finite in float32" in done.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("exec:./softmax", "--role", "softmax"), "subject='exec:./softmax'"),
        (("softmax.onnx",), "subject='softmax.onnx'"),
        (("mine.py:my_softmax", "--wrap", "jax.jit"), "wrap='jax.jit'"),
        (("mine.py:my_softmax", "--python", sys.executable), f"python={sys.executable!r}"),
        (("scipy", "--role", "softmax", "--device", "cuda:0"), "device='cuda:0'"),
        (("kernels.so:softmax_f32", "--c-signature", "void(const float *x)"), "c-signature='void(const float *x)'"),
    ],
)
def test_what_needs_a_host_is_refused_in_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], named: str
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr("extremum.properties.steps.resolve.CAN_HOST", False)
    done = CliRunner().invoke(main, ["audit", *words])
    assert done.exit_code == 4, done.output
    assert done.stderr == f"extremum: {named} needs a process of its own, which this system can't give it\n"


def test_an_audit_in_python_is_refused_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extremum.reports.run.CAN_HOST", False)
    with pytest.raises(UsageError, match="isolated=True needs a process of its own, which this system can't give it"):
        extremum.audit(shifted, role="softmax", isolated=True)


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_linux_lacks_nothing_and_a_system_without_proc_some_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.missing_limits() == ""
    monkeypatch.setattr(limits, "RESIDENT", "/proc/self/absent")
    monkeypatch.setattr(limits, "CHILDREN", "/proc/self/absent")
    assert limits.missing_limits() == "this system does not have: --memory, an end of what a subject leaves running"
