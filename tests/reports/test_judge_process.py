"""The process that judges beside a worker's thread: what ends it, and what the one who asks is told."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from extremum.reports.driving.judge_process import JudgeEnded, JudgeProcess, JudgeStuck, JudgeUnwanted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no way to hand a socket on")


@pytest.fixture
def judge() -> Iterator[JudgeProcess]:
    process = JudgeProcess()
    yield process
    process.end()


def test_it_answers_in_another_process_and_raises_what_a_question_raises(judge: JudgeProcess) -> None:
    assert judge.ask(os.getpid) not in (os.getpid(), 0)
    with pytest.raises(ValueError, match="math domain error"):
        judge.ask(math.acos, 2.0)
    assert judge.ask(math.sqrt, 4.0) == 2.0
    with pytest.raises(JudgeEnded):
        judge.ask(os._exit, 3)
    assert not judge.alive


def test_what_does_not_return_is_ended_once_it_is_late(judge: JudgeProcess) -> None:
    with pytest.raises(JudgeStuck):
        judge.ask(signal.pause, seconds=0.3)
    assert not judge.alive


def test_what_nobody_waits_for_is_ended(judge: JudgeProcess) -> None:
    with pytest.raises(JudgeUnwanted):
        judge.ask(signal.pause, wanted=lambda: False)
    assert not judge.alive
