"""A run of which a process is killed: nothing is lost, nothing is accused, and it is gone on with."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from kill_runs import Folder, Kill, undisturbed, wrong

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc"),
]

# The controller's end by Ctrl-C, SIGTERM and SIGKILL in the midst of its work is in test_journal_of_a_run.py.
AUDITS = [
    Kill(False, "1", "host", signal.SIGKILL, True, 0.5, False),
    Kill(False, "1", "worker", signal.SIGTERM, False, 0.5, False),
    Kill(False, "1", "controller", signal.SIGTERM, True, 0.3, True),
]
PROOFS = [
    Kill(True, "2", "host", signal.SIGINT, False, 0.5, False),
    Kill(True, "2", "worker", signal.SIGKILL, False, 0.5, False),
    Kill(True, "2", "controller", signal.SIGKILL, False, 0.5, False),
]


@pytest.mark.parametrize("kills", [AUDITS, PROOFS], ids=["audits", "proofs"])
def test_a_run_of_which_a_process_is_killed_comes_to_the_same(tmp_path: Path, kills: list[Kill]) -> None:
    expected = undisturbed(Folder(tmp_path / "undisturbed"), kills[0])
    assert expected[1]
    for number, kill in enumerate(kills):
        assert wrong(Folder(tmp_path / str(number)), kill, expected)[1] == [], str(kill)
