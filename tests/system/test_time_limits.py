"""Calls that do not return: who ends them, and that no time counts in which everything stands still."""

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties import engine
from extremum.properties.calling.time_limit import PARTS, RETRY, Clock, OutOfTime, limited
from extremum.properties.engine import Settings
from extremum.properties.roles.registry import role_named
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import shifted
from extremum.reference.subjects.subject import Subject


def test_a_limit_passes_only_while_the_process_runs() -> None:
    with limited(2.0) as clock:
        with subprocess.Popen(["sh", "-c", f"sleep 3; kill -CONT {os.getpid()}"]):
            os.kill(os.getpid(), signal.SIGSTOP)
        assert clock() <= 2 * 2.0 / PARTS


def test_what_is_excused_does_not_count_but_for_what_is_more_than_that() -> None:
    spent = [0.0]
    clock = Clock(lambda: spent[0])
    spent[0] = 3.0
    with clock.excused(5.0):
        spent[0] = 7.0
        assert clock() == 3.0
        spent[0] = 10.0
        assert clock() == 5.0
    spent[0] = 11.0
    assert clock() == 6.0


def test_a_limit_waits_for_what_is_excused() -> None:
    with limited(0.4) as clock:
        with clock.excused(60.0):
            time.sleep(1.0)
        assert clock() < 0.4
    with pytest.raises(OutOfTime), limited(0.4) as clock, clock.excused(0.4):
        time.sleep(60)


def test_a_limit_ends_what_runs() -> None:
    with pytest.raises(OutOfTime), limited(0.4):
        time.sleep(60)


def test_a_limit_that_ends_in_a_callback_of_the_collector_is_tried_again_and_no_time_is_counted_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alarms: list[tuple[float, ...]] = []
    set_alarm = signal.setitimer

    def noted(which: int, *given: float) -> tuple[float, float]:
        alarms.append(given)
        return set_alarm(which, *given)

    monkeypatch.setattr(signal, "setitimer", noted)

    def collected(_phase: str, _info: dict[str, int]) -> None:  # both phases drop the alarm that comes in them
        while True:
            pass

    def collects() -> None:
        gc.callbacks.append(collected)
        try:
            gc.collect()
        finally:
            gc.callbacks.remove(collected)
        time.sleep(60)

    began = time.thread_time()
    with pytest.raises(OutOfTime), limited(0.2) as clock:
        collects()
    assert alarms.count((RETRY, 1.0)) >= 1  # Hypothesis has a callback there too
    assert clock() <= max(0.2, time.thread_time() - began)  # what alarms add is never beyond the limit


def test_a_hook_that_is_put_while_a_limit_runs_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    with limited(60):
        sys.unraisablehook = print
    assert sys.unraisablehook is print


def judged(
    function: Callable[..., Array],
    prop: str,
    examples: int = Settings.examples,
    timeout: float | None = Settings.timeout,
) -> str:
    role = role_named("softmax")
    found = role.property_named(prop)
    assert found is not None
    settings = Settings(examples=examples, timeout=timeout)
    return judge_cell(Subject("it", "softmax", function), role, found, "float32", settings).verdict


def test_a_long_call_in_compiled_code_is_hung_though_it_returns() -> None:
    terms = iter([10**8])  # of the first call, so that what comes before takes no part of the limit

    def long(x: Array, axis: int = -1) -> Array:
        sum(range(next(terms, 0)))
        return shifted(x, axis)

    assert judged(long, "finite", examples=0, timeout=0.5) == "hung"


def overflowing(x: Array, axis: int = -1) -> Array:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize(("longest", "verdict"), [(0.2, "refuted"), (60, "hung")])
def test_what_was_refuted_before_the_limit_stays_refuted_but_where_a_call_hangs(longest: float, verdict: str) -> None:
    def slow(x: Array, axis: int = -1) -> Array:
        if x.shape[axis] > 40:
            time.sleep(longest)
        return overflowing(x, axis)

    assert judged(slow, "finite", timeout=1) == verdict


def test_what_was_refuted_before_the_limit_ends_the_search_stays_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(10**6))

    def late(x: Array, axis: int = -1) -> Array:
        if x.size == 1 and next(calls) > 3:
            time.sleep(0.2)
        return overflowing(x, axis)

    monkeypatch.setattr(engine, "sweep", lambda *_: None)
    assert judged(late, "finite", examples=300, timeout=1) == "refuted"


@pytest.mark.parametrize("limit", [0.01, 0.05])
def test_a_limit_that_ends_in_the_midst_of_a_library_is_a_limit(limit: float) -> None:
    for prop in ("finite", "shift_invariance", "mask"):
        assert judged(shifted, prop, examples=30, timeout=limit) in {"incomplete", "hung", "held"}


KILLS_ITS_JUDGE = """
import os, signal
from pathlib import Path
from extremum.reference.softmax import wide
def my_softmax(x, axis=-1):
    if len(x) > 1000 and ({always} or not Path("killed").exists()):
        Path("killed").touch()
        supervisor = Path("/proc/%d/stat" % os.getppid()).read_text()
        os.kill(int(supervisor.rpartition(")")[2].split()[1]), signal.SIGKILL)
    return wide(x, axis)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the subject reads /proc")
@pytest.mark.parametrize(("always", "verdict"), [(False, "held"), (True, "crashed")])
def test_a_cell_whose_judge_is_killed_is_judged_again(tmp_path: Path, always: bool, verdict: str) -> None:
    (tmp_path / "mine.py").write_text(KILLS_ITS_JUDGE.format(always=always))
    place = os.path.join(os.path.dirname(sys.executable), "extremum")
    words = [
        "--dtype",
        "float32",
        "--property",
        "finite,nonnegative",
        "--examples",
        "0",
        "-n",
        "1",
        "--json",
        "it.json",
    ]
    subprocess.run([place, "audit", "mine.py:my_softmax", *words], cwd=tmp_path, capture_output=True, check=False)
    cells = json.loads((tmp_path / "it.json").read_text())["cells"]
    assert [cell["verdict"] for cell in cells] == [verdict] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="the subject reads /proc")
@pytest.mark.parametrize(("always", "verdict"), [(False, "proved"), (True, "incomplete")])
def test_a_proof_goes_on_when_its_workers_were_killed(tmp_path: Path, always: bool, verdict: str) -> None:
    (tmp_path / "mine.py").write_text(KILLS_ITS_JUDGE.format(always=always))
    place = os.path.join(os.path.dirname(sys.executable), "extremum")
    words = ["--dtype", "float16", "--property", "finite", "--exhaustive", "gaps", "-n", "2", "--json", "it.json"]
    told = subprocess.run(
        [place, "audit", "mine.py:my_softmax", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    (cell,) = json.loads((tmp_path / "it.json").read_text())["cells"]
    assert cell["verdict"] == verdict
    assert told.returncode == (5 if always else 0)


SLOW = """
import time
from extremum.reference.softmax import wide
def my_softmax(x, axis=-1):
    if len(x) > 1000:
        open("calling", "w").close()
        time.sleep(1)
    return wide(x, axis)
"""


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--exhaustive", "gaps"), ("--examples", "0")])
def test_nobody_is_accused_for_the_time_that_the_run_stands_still(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "mine.py").write_text(SLOW)
    place = os.path.join(os.path.dirname(sys.executable), "extremum")
    command = [place, "audit", "mine.py:my_softmax", "--dtype", "float16", "--property", "finite", "-n", "1", *words]
    with subprocess.Popen(
        [*command, "--cell-timeout", "4"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        for _ in range(600):
            if (tmp_path / "calling").exists():
                break
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(5)
        os.killpg(process.pid, signal.SIGCONT)
        told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert "1 proved" in told or "1 held" in told


def runs(process: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a call that keeps the interpreter outlives its parent")
@pytest.mark.parametrize("words", [("--exhaustive", "gaps"), ("--examples", "0")])
def test_a_worker_ends_with_the_command_whatever_its_call_is_doing(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "mine.py").write_text(
        "import os\ndef my_softmax(x, axis=-1):\n"
        "    open(f'{os.getpid()}.calling', 'w').close()\n    return sum(range(10**13))\n"
    )
    place = os.path.join(os.path.dirname(sys.executable), "extremum")
    command = [place, "audit", "mine.py:my_softmax", "--role", "softmax", "--dtype", "float16", "-n", "1", *words]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        worker = None
        for _ in range(600):
            others = [int(f.stem) for f in tmp_path.glob("*.calling") if int(f.stem) != process.pid]
            worker = next(iter(others), None)
            if worker is not None:
                break
            time.sleep(0.1)
        process.kill()
    assert worker is not None
    for _ in range(100):
        if not runs(worker):
            return
        time.sleep(0.1)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker goes on")
