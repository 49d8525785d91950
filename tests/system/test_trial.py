"""The trial call and the import before it: which subject is audited, and what is told of one that is not."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hosted import FILE, FORGED, QUICK, ROLE, subject
from nightly import NIGHTLY

from extremum.properties.calling.host_channel import Limits
from extremum.properties.engine import judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import introduce
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, from_json, to_json, tried
from extremum.reference.errors import UsageError
from extremum.reports.driving.request import Request, resolved


def test_an_import_that_takes_more_memory_than_it_may_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import numpy as np, time\nblock = np.ones(2**27)\ntime.sleep(5)\n")
    it = tried(f"{tmp_path}/mine.py:softmax", ROLE, Wish(limits=Limits(memory=3 * 10**8)))
    assert "ended its process at import: its import needs more than 0.3 GB of memory" in it.misfit


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


@pytest.mark.parametrize(
    "message",
    [
        '{"error": "x", "number": 1}',
        '{"error": 1, "word": "", "failed": 0, "number": 1}',
        '{"error": "x", "word": "", "failed": false, "number": 1}',
        '{"error": "x", "word": "x", "failed": false, "choices": [1], "number": 1}',
    ],
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
    [("df", "f", set()), ("wrong", "f", {"identity", "derivative"}), ("dg", "g", set())],
)
def test_a_gradient_and_its_function_have_a_host_each(
    tmp_path: Path, gradient: str, of: str, refuted: set[str], shared: Shared
) -> None:
    (tmp_path / "my_gradients.py").write_text(OF)
    role = role_named("gradient_of")
    it = tried(f"{tmp_path}/my_gradients.py:{gradient}", role, Wish(), f"{tmp_path}/my_gradients.py:{of}")
    it = from_json(json.loads(json.dumps(to_json(it))))
    patient = replace(QUICK, timeout=300.0)  # of exact numbers by text, which a busy machine takes its time for
    cells = {p.name: judge_cell(it, role, p, "float64", patient, shared) for p in role.properties}
    assert {name for name, cell in cells.items() if cell.found} == refuted
    assert cells["derivative"].examined > 1
    assert "my_gradients" not in sys.modules


@pytest.mark.slow
def test_a_point_at_which_the_function_crashes_is_passed_over(tmp_path: Path, shared: Shared) -> None:
    (tmp_path / "my_gradients.py").write_text(OF)
    role = role_named("gradient_of")
    it = tried(f"{tmp_path}/my_gradients.py:dg", role, Wish(), f"{tmp_path}/my_gradients.py:crashes")
    derivative = role.property_named("derivative")
    assert derivative is not None
    cell = judge_cell(it, role, derivative, "float64", QUICK, shared)
    assert (cell.verdict, cell.examined > 1) == ("held", True)


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


SIX = ("sound", "crashes", "aborts_on_long", "leaves_on_long", "loops", "lists")


@pytest.mark.slow
def test_six_subjects_have_their_verdicts_with_any_number_of_workers(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE.read_text())
    seen = []
    for workers in "012" if NIGHTLY else "2":
        words = [f"mine.py:{name}" for name in SIX]
        options = ["--role", "softmax", "--dtype", "float32", "--cell-timeout", "30s", "--first-call-timeout", "3s"]
        options += ["--effort", "quick"]
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
    assert all(cells == seen[0] for cells in seen)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mine.py:lists",), "it returned list"),
        (("mine.py:logs",), "it fits --role logsumexp"),
        (("gone.py:softmax",), "cannot be imported: ZeroDivisionError"),
        (("left.py:softmax",), "ended its process at import: exit 0"),
        (("mine.py:sound", "--arrays", "torhc"), "arrays='torhc': array library torhc is not there: Mod"),
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
