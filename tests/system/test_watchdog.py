"""Calls that do not return: who ends them, and that no time counts in which everything stands still."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties import engine
from extremum.properties.calling.recorder import Recorder, calling, read
from extremum.properties.calling.time_limit import PARTS, RETRY, OutOfTime, limited
from extremum.properties.engine import Settings
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import resolve
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import shifted
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.crash_report import rerun
from extremum.reports.driving.request import Task
from extremum.reports.driving.watchdog import Watchdog

ROW = {"x": np.array([[1.0, 2.0]])}


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    ended: list[int] = []
    monkeypatch.setattr(os, "kill", lambda process, _: ended.append(process))
    return ended


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "gw0.call")
    yield made
    made.close()


def test_a_recorder_tells_which_call_is_under_way(tmp_path: Path, recorder: Recorder) -> None:
    assert calling(recorder.path) is None
    recorder.note(ROW, -1)
    first = calling(recorder.path)
    assert first is not None
    assert first.process == os.getpid()
    recorder.note(ROW, -1)
    second = calling(recorder.path)
    assert second is not None
    assert second.number == first.number + 1
    recorder.back()
    assert calling(recorder.path) is None
    noted = read(recorder.path)
    assert noted is not None
    arguments, axis = noted
    assert (arguments["x"].tolist(), axis) == ([[1.0, 2.0]], -1)
    assert calling(tmp_path / "none.call") is None


def test_the_process_of_a_call_that_does_not_return_is_ended_once(
    tmp_path: Path, recorder: Recorder, killed: list[int]
) -> None:
    watchdog = Watchdog(tmp_path, 4.0)
    recorder.note(ROW, None)
    for _ in range(9):  # the first look begins to count
        watchdog.look()
    assert not killed
    for _ in range(9):
        watchdog.look()
    assert killed == [os.getpid()]
    assert (tmp_path / "gw0.hung").exists()


def test_a_call_that_returns_is_no_matter_how_many_come(tmp_path: Path, recorder: Recorder, killed: list[int]) -> None:
    watchdog = Watchdog(tmp_path, 4.0)
    for _ in range(30):
        recorder.note(ROW, None)
        watchdog.look()
        watchdog.look()
        recorder.back()
    for _ in range(30):
        watchdog.look()
    assert not killed


def test_what_a_worker_that_ended_left_behind_ends_nobody(
    tmp_path: Path, recorder: Recorder, killed: list[int]
) -> None:
    watchdog = Watchdog(tmp_path, 4.0)
    recorder.note(ROW, None)
    watchdog.look()
    watchdog.forget("gw0")
    for _ in range(30):
        watchdog.look()
    assert not killed


def test_a_process_that_ended_in_its_call_has_crashed_though_nobody_told_of_it(
    tmp_path: Path, killed: list[int]
) -> None:
    watchdog = Watchdog(tmp_path, 4.0)
    writing = f"""
import numpy as np, os
from pathlib import Path
from extremum.properties.calling.recorder import Recorder
Recorder(Path({str(tmp_path / "gw1.call")!r})).note({{"x": np.array([[1.0]])}}, None)
os._exit(3)
"""
    with subprocess.Popen([sys.executable, "-c", writing]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        under_way = calling(tmp_path / "gw1.call")
        assert under_way is not None
        assert under_way.process == process.pid
        for _ in range(30):
            watchdog.look()
    assert not killed
    assert not (tmp_path / "gw1.hung").exists()


def test_a_limit_passes_only_while_the_process_runs() -> None:
    with limited(2.0) as clock:
        with subprocess.Popen(["sh", "-c", f"sleep 3; kill -CONT {os.getpid()}"]):
            os.kill(os.getpid(), signal.SIGSTOP)
        assert clock() <= 2 * 2.0 / PARTS


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


def task(spec: str) -> Task:
    (subject,) = resolve(spec, "softmax")
    role = role_named("softmax")
    prop = role.property_named("finite")
    assert prop is not None
    return Task(subject, role, prop, "float64")


def test_a_registered_subject_is_run_again_by_its_name() -> None:
    assert rerun(task("shifted"), Case(ROW), 30.0) == ""


@pytest.mark.slow
def test_the_time_of_an_import_is_not_the_calls(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def softmax(x, axis=-1):\n    return x\n")
    late = task(f"{file}:softmax")
    file.write_text("import time\ntime.sleep(2)\n" + file.read_text())
    assert rerun(late, Case(ROW), 1.0) == ""
    file.write_text("raise SystemExit(7)\n")
    assert rerun(late, Case(ROW), 1.0) is None
    file.write_text("import os\ndef softmax(x, axis=-1):\n    os._exit(7)\n")
    assert rerun(late, Case(ROW), 30.0) == "exit 7"


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
