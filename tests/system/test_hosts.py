"""Subjects in processes of their own: what they do there, and what becomes of it."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hostile_subjects
import numpy as np
import pytest

from extremum.properties.calling.call import Call, TooLong
from extremum.properties.calling.caller import Misbehaviour, float_mode
from extremum.properties.calling.host_channel import Ended, Limits, NoReturn
from extremum.properties.calling.hosts import Host
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import introduce
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, from_json, to_json, tried
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.softmax import naive, shifted
from extremum.reference.subjects.subject import Subject
from extremum.reports import audit
from extremum.reports.driving.request import Request, resolved

FILE = Path(hostile_subjects.__file__)
SOUND: Any = hostile_subjects.sound
ROLE = role_named("softmax")
SHORT, LONG = np.ones((2, 3), np.float32), np.ones((2, 64), np.float32)
QUICK = Settings(examples=0, timeout=20.0)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt its descendants")


@pytest.fixture
def shared() -> Iterator[Shared]:
    made = Shared()
    yield made
    made.close()


def host(name: str, limits: Limits | None = None) -> Host:
    return Host({"spec": f"{FILE}:{name}"}, limits or Limits(), axis="axis")


def subject(name: str, **wish: Any) -> Subject:
    return tried(f"{FILE}:{name}", ROLE, Wish(**{"dtypes": ["float32"], **wish}))


def judged(name: str, prop: str, shared: Shared, settings: Settings = QUICK) -> Cell:
    found = ROLE.property_named(prop)
    assert found is not None
    return judge_cell(subject(name), ROLE, found, "float32", settings, shared)


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


def test_an_import_that_takes_more_memory_than_it_may_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import numpy as np, time\nblock = np.ones(2**27)\ntime.sleep(5)\n")
    it = tried(f"{tmp_path}/mine.py:softmax", ROLE, Wish(limits=Limits(memory=3 * 10**8)))
    assert "ended its process at import: its import needs more than 0.3 GB of memory" in it.misfit


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
def test_a_process_that_takes_more_memory_than_it_may_is_ended() -> None:
    limits = Limits(memory=500 * 10**6)
    call = Call(subject("takes_memory"), ROLE.signature, host=host("takes_memory", limits))
    with pytest.raises(TooLong, match=r"needs more than 0.5 GB of memory"):
        call.rows({"x": np.ones((1, 6000), np.float32)})
    assert call.rows({"x": SHORT}).shape == (2, 3)
    assert call.host is not None
    call.host.end()


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
    cell = judged("sleeps_on_long", "finite", shared, Settings(examples=0, timeout=4.0))
    assert cell.verdict == "hung"
    assert cell.detail == "one call had not returned after 4 s: no return in 3 s, again when run alone"
    assert cell.simplest is not None


@pytest.mark.parametrize(("name", "verdict"), [("crashes", "crashed"), ("leaves", "crashed"), ("loops", "hung")])
def test_a_trial_call_that_crashes_or_hangs_decides_all_cells(name: str, verdict: str, shared: Shared) -> None:
    it = from_json(json.loads(json.dumps(to_json(subject(name, limits=Limits(first_call_seconds=0.5))))))
    assert not it.misfit
    for prop in ROLE.properties[:2]:
        cell = judge_cell(it, ROLE, prop, "float32", QUICK, shared)
        assert cell.verdict == verdict
        assert cell.examined == 0
        assert cell.simplest is not None


def test_what_wants_to_end_the_process_is_a_finding_and_no_misfit() -> None:
    assert not subject("wants_to_leave").misfit
    assert not subject("wants_to_leave").unfit
    assert not subject("interrupts_itself").misfit
    assert subject("interrupts_itself").unfit["float32"] == ("crashed", "the process ended: SIGINT")


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


def test_a_misfit_is_told_what_it_returned_and_which_role_fits() -> None:
    said = subject("lists").misfit
    assert "hostile_subjects.py:lists' is no softmax: it returned list, not a NumPy array" in said
    assert "role softmax returns an array of shape (2, 3)" in said
    wrong = tried(f"{FILE}:sound", role_named("logsumexp"), Wish(dtypes=["float32"])).misfit
    assert "it returned shape (2, 3)" in wrong
    assert "it fits --role softmax" in wrong


def test_a_sound_subject_of_another_role_with_the_same_shape_is_judged(shared: Shared) -> None:
    it = tried(f"{FILE}:sound", role_named("log_softmax"), Wish(dtypes=["float32"]))
    assert not it.misfit


def test_an_import_that_ends_the_process_takes_too_long_or_raises_is_told(tmp_path: Path) -> None:
    def said(text: str, seconds: float = 30.0) -> str:
        (tmp_path / "mine.py").write_text(text)
        return tried(f"{tmp_path}/mine.py:softmax", ROLE, Wish(limits=Limits(import_seconds=seconds))).misfit

    assert "ended its process at import: exit 0" in said("import os\nos._exit(0)")
    assert "ended its process at import: exit 7: last words" in said(
        "import os, sys\nprint('last words', flush=True)\nos._exit(7)"
    )
    assert "the import had not returned after 0.5 s" in said("import time\ntime.sleep(100)", 0.5)
    assert "cannot be imported: ZeroDivisionError" in said("1 / 0")


def test_modules_beside_the_subject_do_not_reach_the_judge(tmp_path: Path) -> None:
    for name in ("numba", "jinja2", "json", "select", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError\n")
    (tmp_path / "mine.py").write_text(FILE.read_text())
    place = str(Path(sys.executable).parent / "extremum")  # not by `-m`, which has this folder on its path
    command = [place, "audit", "mine.py:sound", "--role", "softmax", "--dtype", "float32", "--property", "finite"]
    done = subprocess.run([*command, "-n", "0"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_subject_is_called_by_another_python(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nMARK=here exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "mine.py").write_text(
        "import os\nassert os.environ['MARK'] == 'here'\nfrom hostile_subjects import sound\n"
    )
    (tmp_path / "hostile_subjects.py").write_text(FILE.read_text())
    it = tried(f"{tmp_path}/mine.py:sound", ROLE, Wish(dtypes=["float32"], python=str(python)))
    assert not it.misfit
    assert "cannot be imported: KeyError" in tried(f"{tmp_path}/mine.py:sound", ROLE, Wish()).misfit


def test_what_is_on_the_path_of_the_judge_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text(FILE.read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not tried("only_here:sound", ROLE, Wish(dtypes=["float32"])).misfit


def test_a_dtype_that_another_python_does_not_have_is_inapplicable_and_accuses_nobody(
    tmp_path: Path, shared: Shared
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ml_dtypes'] = None\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    it = tried(f"{FILE}:sound", ROLE, Wish(dtypes=["bfloat16"], python=str(python)))
    assert not it.misfit
    cell = judge_cell(it, ROLE, ROLE.properties[0], "bfloat16", QUICK, shared)
    assert cell.verdict == "inapplicable"
    assert "has no bfloat16: ml_dtypes is not installed" in cell.detail


FORGED = """
import json, os, socket, stat
def channel():
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield socket.socket(fileno=os.dup(number))
        except OSError:
            pass
def say(text):
    for it in channel():
        try:
            it.send(text.encode())
        except OSError:
            pass
def softmax(x, axis=-1):
    say(MESSAGE + "\\n")
    return x
"""


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


@pytest.mark.parametrize(
    "message", ['{"error": "x", "number": 1}', '{"error": 1, "word": "", "failed": 0, "number": 1}']
)
def test_a_message_that_an_import_makes_up_is_a_misfit(tmp_path: Path, message: str) -> None:
    text = FORGED.replace("MESSAGE", repr(message)) + f"say({message!r} + chr(10))\nos._exit(0)\n"
    (tmp_path / "mine.py").write_text(text)
    assert "ended its process at import" in tried(f"{tmp_path}/mine.py:softmax", ROLE, Wish()).misfit


def test_subjects_of_one_name_from_two_folders_are_both_audited(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(FILE.read_text())
    request = Request(subjects=("one/mine.py:sound", "two/mine.py:sound"), role="softmax", dtypes=("float32",))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert [s.name for s in resolved(request)] == ["one/mine.py:sound", "two/mine.py:sound"]


OF = """
import os
import numpy as np
M = np.array([[1.0, 2.0], [0.0, 3.0]])
def f(x): return x @ M @ x
def df(x): return (M + M.T) @ x
def wrong(x): return M @ x
def g(x): return np.log(1 + np.exp(x)).sum()
def dg(x): return 1 / (1 + np.exp(-x))
def crashes(x):
    if x.dtype != object and abs(x).max() > 50:
        os.abort()
    return g(x)
def leaves(x): os._exit(0)
"""


@pytest.mark.parametrize(
    ("gradient", "of", "refuted"),
    [("df", "f", set()), ("wrong", "f", {"identity", "derivative"}), ("dg", "g", set()), ("dg", "crashes", set())],
)
def test_a_gradient_and_its_function_have_a_host_each(
    tmp_path: Path, gradient: str, of: str, refuted: set[str], shared: Shared
) -> None:
    (tmp_path / "my_gradients.py").write_text(OF)
    role = role_named("gradient_of")
    it = tried(f"{tmp_path}/my_gradients.py:{gradient}", role, Wish(), f"{tmp_path}/my_gradients.py:{of}")
    it = from_json(json.loads(json.dumps(to_json(it))))
    cells = {p.name: judge_cell(it, role, p, "float64", QUICK, shared) for p in role.properties}
    assert {name for name, cell in cells.items() if cell.found} == refuted
    assert cells["derivative"].examined > 1
    assert "my_gradients" not in sys.modules


def test_a_function_that_ends_its_process_is_no_function_to_take_a_gradient_of(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OF)
    with pytest.raises(UsageError, match=r"of=.*mine.py:leaves' ended its process: exit 0"):
        tried(f"{tmp_path}/mine.py:dg", role_named("gradient_of"), Wish(), f"{tmp_path}/mine.py:leaves")


LABELLED = """
import numpy as np
def annotated(logits: np.ndarray, label: np.ndarray) -> np.ndarray:
    wide = logits.astype(np.result_type(logits.dtype, np.float32))
    shifted = wide - wide.max()
    return (np.log(np.exp(shifted).sum()) - shifted[label.item()]).astype(logits.dtype)
def of_a_number(logits: np.ndarray, label: int) -> np.ndarray:
    assert isinstance(label, int)
    return annotated(logits, np.array(label))
"""


@pytest.mark.parametrize(("name", "numbers"), [("annotated", False), ("of_a_number", True)])
def test_a_label_goes_in_as_its_annotation_says(tmp_path: Path, name: str, numbers: bool, shared: Shared) -> None:
    (tmp_path / "mine.py").write_text(LABELLED)
    role = role_named("cross_entropy")
    it = tried(f"{tmp_path}/mine.py:{name}", role, Wish(dtypes=["float32"]))
    assert (it.numbers, it.misfit, dict(it.unfit)) == (numbers, "", {})
    assert ("L as an array" in introduce(it)["line"]) is not numbers
    prop = role.property_named("accuracy")
    assert prop is not None
    assert judge_cell(it, role, prop, "float32", QUICK, shared).verdict == "held"


def test_python_asks_for_a_host() -> None:
    report = audit(naive, "softmax", ["float32"], properties=["finite"], isolated=True)
    assert [c.verdict for c in report.cells] == ["refuted"]
    with pytest.raises(UsageError, match="isolated=True needs one of a file"):
        audit(lambda x, axis=-1: x, "softmax", isolated=True)
    with pytest.raises(UsageError, match="go with isolated=True"):
        audit(naive, "softmax", arrays="numpy")


@pytest.mark.slow
@pytest.mark.parametrize("function", [shifted, naive])
def test_a_host_gives_the_cells_that_this_process_gives(function: Any) -> None:
    here, there = (audit(function, "softmax", ["float32"], isolated=isolated) for isolated in (False, True))

    def shown(cell: Cell) -> dict[str, Any]:
        return {name: value for name, value in cell.to_json().items() if name != "seconds"}

    assert [shown(c) for c in here.cells] == [shown(c) for c in there.cells]
    assert [b.to_json() for b in here.contested] == [b.to_json() for b in there.contested]


SIX = ("sound", "crashes", "aborts_on_long", "leaves_on_long", "loops", "lists")


@pytest.mark.slow
def test_six_subjects_have_their_verdicts_with_any_number_of_workers(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE.read_text())
    seen = []
    for workers in "012":
        words = [f"mine.py:{name}" for name in SIX]
        options = ["--role", "softmax", "--dtype", "float32", "--cell-timeout", "30s", "--first-call-timeout", "3s"]
        place = str(Path(sys.executable).parent / "extremum")
        command = [place, "audit", *words, *options, "-n", workers, "--json", "out.json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stdout.startswith("not audited subject='mine.py:lists' is no softmax: it returned list")
        rows = json.loads((tmp_path / "out.json").read_text())["cells"]
        verdicts = {name: {r["verdict"] for r in rows if r["subject"] == f"mine.py:{name}"} for name in SIX}
        assert verdicts["sound"] == {"held"}
        assert verdicts["loops"] == {"hung"}
        for name in ("crashes", "aborts_on_long", "leaves_on_long", "lists"):
            assert verdicts[name] == {"crashed"}
        seen.append([{name: value for name, value in row.items() if name != "seconds"} for row in rows])
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mine.py:lists",), "it returned list"),
        (("mine.py:logs",), "it fits --role logsumexp"),
        (("gone.py:softmax",), "cannot be imported: ZeroDivisionError"),
        (("left.py:softmax",), "ended its process at import: exit 0"),
        (("mine.py:sound", "--arrays", "torhc"), "arrays='torhc' is not known: did you mean 'torch'?"),
        (("mine.py:sound", "--python", "no/such"), "python='no/such' is no program"),
        (("mine.py:sound", "--memory", "some"), "memory='some' is not an amount of memory"),
        (("mine.py:sound", "--memory", "1MB"), "memory='1MB' must be at least 100MB"),
        (("shifted", "--arrays", "numpy"), "goes with file.py:function"),
    ],
)
def test_what_cannot_be_audited_is_one_line_and_exit_4(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "mine.py").write_text(FILE.read_text())
    (tmp_path / "gone.py").write_text("1 / 0")
    (tmp_path / "left.py").write_text("import os\nos._exit(0)")
    place = str(Path(sys.executable).parent / "extremum")
    command = [place, "audit", *words, "--role", "softmax", "--dtype", "float32", "-n", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
