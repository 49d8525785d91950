"""Subjects in processes of their own: what they do there, and what becomes of it."""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import flint
import hostile_subjects
import numpy as np
import pytest
from hosted import FILE, FORGED, LONG, QUICK, ROLE, SHORT, SOUND, host, judged, subject

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import TooLong
from extremum.properties.calling.caller import CAUSE_WIDTH, Misbehaviour, float_mode
from extremum.properties.calling.host_channel import Ended, Limits, NoReturn
from extremum.properties.calling.hosts import Host
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.jets import jets
from extremum.reference.errors import UsageError
from extremum.reference.softmax import naive, shifted
from extremum.reports import audit

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt its descendants")


def runs(process: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_a_host_answers_as_the_function_does() -> None:
    it = host("sound")
    x = np.random.default_rng(0).standard_normal((5, 7)).astype(np.float32)
    assert it.answer([x]).tobytes() == SOUND(x).tobytes()
    assert it.answer([x], 0, "F").tobytes() == SOUND(x, 0).tobytes()
    with it.together([([x], None), ([x[:2]], None)]) as answer:
        each = [answer(), answer()]
    assert [a.shape for a in each] == [(5, 7), (2, 7)]
    it.end()
    assert it.pid is None
    assert it.answer([x]).shape == (5, 7)  # in a new process
    it.end()


def test_what_is_sent_ahead_is_answered_when_it_is_asked_for() -> None:
    call = Call(subject("sound"), ROLE.signature, host=host("sound"))
    first, second, third = ({"x": np.full((1, n), n, np.float32)} for n in (2, 3, 4))
    call.rows(first)
    call.ahead(second)
    assert call.rows(third).shape == (1, 4)
    assert call.rows(second).shape == (1, 3)
    assert call.host is not None
    call.host.end()


def test_a_call_that_is_no_answer_leaves_those_sent_with_it_to_nobody() -> None:
    it = host("raises_the_unspeakable")
    for _ in range(3):
        with it.together([([LONG], None), ([SHORT], None), ([SHORT[:1]], None)]) as answer:
            with pytest.raises(Misbehaviour):
                answer()
            assert answer().shape == SHORT.shape
            assert answer().shape == (1, 3)
        with pytest.raises(Misbehaviour), it.together([([LONG], None), ([SHORT], None)]) as answer:
            answer()
        assert it.answer([SHORT[:1]]).shape == (1, 3)
    it.end()


def test_a_call_sent_ahead_that_ends_the_process_is_the_one_that_is_told() -> None:
    call = Call(subject("aborts_on_long"), ROLE.signature, host=host("aborts_on_long"))
    call.rows({"x": SHORT})

    def step() -> None:
        call.ahead({"x": LONG})
        call.rows({"x": SHORT})

    with pytest.raises(Ended, match="SIGABRT"):
        call.within(20.0, step)
    assert call.fatal is not None
    assert call.fatal[0]["x"] is LONG


def test_the_process_of_a_host_and_all_that_it_started_end_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHILDREN", str(tmp_path / "children"))
    it = host("leaves_children")
    for _ in range(3):
        it.answer([SHORT])
    children: list[str] = []
    for _ in range(400):  # they write it when their turn comes
        children = (tmp_path / "children").read_text().split() if (tmp_path / "children").exists() else []
        if len(children) == 3:
            break
        time.sleep(0.05)
    assert len(children) == 3
    assert it.pid is not None
    everyone = [it.pid, *map(int, children)]
    it.end()
    if sys.platform == "linux":  # elsewhere nobody knows who left for another session
        assert not any(map(runs, everyone))


@LINUX
def test_a_host_ends_with_a_judge_that_is_killed(tmp_path: Path) -> None:
    code = f"""
import numpy as np
from extremum.properties.calling.hosts import Host
host = Host({{"spec": "{FILE}:sound"}}, axis="axis")
host.answer([np.ones((2, 3), np.float32)])
print(host.pid, flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as judge:
        assert judge.stdout is not None
        pid = int(judge.stdout.readline())
        assert runs(pid)
        judge.kill()
    for _ in range(200):
        if not runs(pid):
            return
        time.sleep(0.05)
    pytest.fail("the host goes on")


@pytest.mark.parametrize(("name", "how"), [("crashes", "SIGSEGV"), ("leaves", "exit 0")])
def test_how_a_process_ended_is_told(name: str, how: str) -> None:
    it = host(name)
    with pytest.raises(Ended, match=how):
        it.answer([SHORT])
    it.end()


def test_a_call_that_does_not_return_is_ended_with_its_process() -> None:
    it = host("loops")
    with pytest.raises(NoReturn, match="one call had not returned after"):
        it.answer([SHORT], seconds=0.5)
    assert it.pid is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("raises_the_unspeakable", r"raises Unspeakable: \(its text raises RuntimeError\)"),
        ("untouchable", "returned what is no array: raises RuntimeError"),
        ("immense", r"returned an array of shape \(10000000, 1000000\), which is 4e\+13 bytes"),
        ("wants_to_leave", "raises SystemExit: 0"),
        ("lists", "returned list, not a NumPy array"),
    ],
)
def test_what_is_no_answer_is_said_in_a_line_and_the_process_goes_on(name: str, text: str) -> None:
    it = host(name)
    for _ in range(2):
        with pytest.raises(Misbehaviour, match=text):
            it.answer([LONG])
    it.end()


@pytest.mark.parametrize("name", ["writes_to_the_channel", "closes_the_channel"])
def test_what_a_subject_writes_to_the_channel_is_no_answer_and_ends_nobody_else(name: str) -> None:
    it = host(name)
    it.answer([SHORT])

    def ask() -> None:
        for _ in range(3):  # the first has its answer before the channel is spoilt for the next
            it.answer([LONG])

    with pytest.raises(Ended):
        ask()
    it.end()


def test_a_fork_that_comes_out_of_the_call_answers_nothing() -> None:
    it = host("forks")
    for _ in range(3):
        assert it.answer([SHORT]).tobytes() == SOUND(SHORT).tobytes()
    it.end()


def test_memory_that_does_not_suffice_for_long_rows_is_no_finding(shared: Shared) -> None:
    cell = judged("needs_memory", "finite", shared)
    assert cell.verdict == "held"
    assert "rows of up to 4," in cell.detail
    assert "MemoryError" in cell.detail


@pytest.mark.slow
@pytest.mark.parametrize("name", ["takes_memory", pytest.param("child_takes_memory", marks=LINUX)])
def test_a_process_that_takes_more_memory_than_it_may_is_ended(name: str) -> None:
    limits = Limits(memory=500 * 10**6)
    call = Call(subject(name), ROLE.signature, host=host(name, limits))
    with pytest.raises(TooLong, match=r"needs more than 0.5 GB of memory"):
        call.rows({"x": np.ones((1, 6000), np.float32)})
    assert call.rows({"x": SHORT}).shape == (2, 3)
    assert call.host is not None
    call.host.end()


@pytest.mark.slow
def test_memory_that_a_process_shares_with_its_child_is_counted_once() -> None:
    it = host("children_share_memory", Limits(memory=500 * 10**6))
    assert it.answer([np.ones((1, 6000), np.float32)]).shape == (1, 6000)
    it.end()


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("draws", "changed the state of numpy.random"),
        ("prints_from_c", "2 lines were printed"),
        pytest.param(
            "rounds_up",
            "the floating-point mode: results are rounded up",
            marks=pytest.mark.skipif(platform.machine() != "x86_64" or sys.platform != "linux", reason="x86 glibc"),
        ),
    ],
)
def test_what_a_call_does_to_its_process_is_a_finding_of_purity(name: str, note: str, shared: Shared) -> None:
    cell = judged(name, "purity", shared)
    assert cell.verdict == "refuted"
    assert note in cell.detail
    assert not float_mode()  # the judge's own is as it was


@pytest.mark.parametrize("name", ["kept_by_shape", "kept_by_edges", "kept_by_first_row", "other_after_some_calls"])
def test_an_answer_that_depends_on_earlier_calls_is_a_finding_of_determinism(name: str, shared: Shared) -> None:
    cell = judged(name, "determinism", shared)
    assert cell.verdict == "refuted"
    assert "in a second process" in cell.detail


def test_what_answers_alike_in_two_processes_is_deterministic(shared: Shared) -> None:
    assert judged("sound", "determinism", shared).verdict == "held"


def test_a_crash_on_some_inputs_has_its_arguments_at_their_smallest(shared: Shared) -> None:
    cell = judged("aborts_on_long", "finite", shared)
    assert (cell.verdict, cell.severity) == ("crashed", "critical")
    assert cell.detail == "the process ended: SIGABRT, again when run alone"
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["shape"] == [1, hostile_subjects.LONG + 1]


@pytest.mark.slow
def test_a_call_that_sleeps_is_hung_with_its_arguments(shared: Shared) -> None:
    settings = Settings(examples=0, timeout=4.0, limits=Limits(first_call_seconds=4.0))
    cell = judged("sleeps_on_long", "finite", shared, settings)
    assert cell.verdict == "hung"
    assert re.fullmatch(r"one call had not returned after \d s, again when run alone", cell.detail)
    assert cell.simplest is not None


@pytest.mark.slow
def test_a_call_that_returns_when_it_is_made_again_is_not_hung(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLEPT", str(tmp_path / "slept"))
    settings = Settings(examples=0, timeout=10.0, limits=Limits(first_call_seconds=8.0))
    cell = judged("sleeps_once", "finite", shared, settings)
    assert (tmp_path / "slept").exists()
    assert cell.verdict == "held"


@LINUX
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_cell_whose_host_is_killed_by_another_is_judged_again(
    by: signal.Signals, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    undisturbed = judged("sound", "sum_to_one", shared)
    shared.close()
    answer = Host.answer

    def disturbed(it: Host, *given: Any, **others: Any) -> Any:
        if it.pid is not None and len(killed) < 2 and given[0][0].shape[-1] > 2:
            killed.append(it.pid)
            os.kill(it.pid, by)
        return answer(it, *given, **others)

    monkeypatch.setattr(Host, "answer", disturbed)
    cell = judged("sound", "sum_to_one", shared)  # of a subject that was tried anew, so that no answer is shared
    assert len(killed) == 2
    assert (cell.verdict, cell.examined) == (undisturbed.verdict, undisturbed.examined)


@pytest.mark.parametrize(
    "message",
    [
        '{"dtype": "float8xyz", "shape": [2, 3], "place": 0, "number": NUMBER}',
        '{"dtype": "float32", "shape": [2, 3], "place": 1e300, "number": NUMBER}',
        '{"dtype": "float32", "shape": [1e300, 3], "place": 0, "number": NUMBER}',
        '{"dtype": 5, "shape": 5, "place": -1, "number": NUMBER}',
        '{"misbehaviour": 1, "number": NUMBER}',
        "[" * 100_000,
        "{}",
    ],
)
def test_a_message_that_a_subject_makes_up_ends_its_own_cells_alone(
    tmp_path: Path, message: str, shared: Shared
) -> None:
    numbers = [message.replace("NUMBER", str(number)) for number in range(2, 6)]
    (tmp_path / "mine.py").write_text(FORGED.replace("MESSAGE", repr("\n".join(numbers))))
    it = tried(f"{tmp_path}/mine.py:softmax", ROLE, Wish(dtypes=["float32"]))
    found = ROLE.property_named("sum_to_one")
    assert found is not None
    assert judge_cell(it, ROLE, found, "float32", QUICK, shared).verdict in ("crashed", "refuted")


def test_python_asks_for_a_host() -> None:
    report = audit(naive, "softmax", ["float32"], properties=["finite"], isolated=True)
    assert [c.verdict for c in report.cells] == ["refuted"]
    with pytest.raises(UsageError, match="isolated=True needs one of a file"):
        audit(lambda x, axis=-1: x, "softmax", isolated=True)
    with pytest.raises(UsageError, match="arrays='numpy' goes with isolated=True"):
        audit(naive, "softmax", arrays="numpy")


@pytest.mark.slow
@pytest.mark.parametrize("function", [shifted, naive])
def test_a_host_gives_the_cells_that_this_process_gives(function: Any) -> None:
    here, there = (
        audit(function, "softmax", ["float32"], isolated=isolated, effort="quick") for isolated in (False, True)
    )

    def shown(cell: Cell) -> dict[str, Any]:
        return {name: value for name, value in cell.to_json().items() if name != "seconds"}

    assert [shown(c) for c in here.cells] == [shown(c) for c in there.cells]
    assert [b.to_json() for b in here.contested] == [b.to_json() for b in there.contested]


def forged(folder: Path, message: str) -> Host:
    (folder / "mine.py").write_text(FORGED.replace("MESSAGE", repr(message)))
    return Host({"spec": f"{folder}/mine.py:softmax"})


def test_a_cause_that_a_subject_makes_up_is_cut(tmp_path: Path) -> None:
    it = forged(tmp_path, json.dumps({"misbehaviour": "x" * 10**5, "number": 2}))
    with pytest.raises(Misbehaviour) as error:
        it.answer([SHORT])
    it.end()
    assert str(error.value) == "x" * CAUSE_WIDTH


@pytest.mark.parametrize(
    "told",
    [
        {"constants": 1},
        {"constants": [], "entries": [[5]], "shape": [1]},
        {"constants": [], "entries": [["1/0", "0/1"]], "shape": [1]},
        {"constants": [], "entries": [], "shape": [2**70]},
    ],
)
def test_exact_numbers_that_a_function_makes_up_end_its_process(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = host("sound")
    it.start()
    monkeypatch.setattr(it, "_ask", lambda *_: told)
    with pytest.raises(Ended, match="no answer"):
        it.exact(jets([flint.fmpq(1)], [flint.fmpq(0)]))
    assert it.pid is None
