"""Ctrl-C, which a terminal sends to every process of the command at once: exit 2, and no traceback from any of them."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("seconds", [0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.5, 3.0, 4.0, 6.0])
def test_ctrl_c_ends_an_audit_without_a_traceback(tmp_path: Path, seconds: float) -> None:
    words = ("audit", "shifted", "naive", "--dtype", "float32", "-n", "2", "--report-dir", str(tmp_path))
    # Interrupted while workers start, import, compile and judge: the header is written just before they start.
    command = [str(Path(sys.executable).parent / "extremum"), *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        header = process.stdout.readline()
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate(timeout=120)
    assert header.startswith("shifted: role softmax")
    assert "Traceback" not in said + errors
    assert process.returncode == 2, errors
    assert errors.strip() == "extremum: interrupted; what was found until then is in the report"
