"""extremum as a stranger uses it: a file of softmaxes in an empty folder, the public interface alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stranger_subjects
from nightly import NIGHTLY, with_small_plans

TOP_LEVEL = {"schema", "tool", "environment", "command", "seed", "summary", "findings", "cells"}
CELL = {"subject", "role", "property", "code", "dtype", "verdict", "examined", "measured", "allowed", "unit"}
VERDICTS = {"proved", "held", "refuted", "crashed", "hung", "incomplete", "inapplicable"}
EXPECTED = {  # subject: properties of which at least one must be refuted
    "unshifted": {"finite"},
    "flattens": {"row_independence", "axis", "sum_to_one"},
    "last_axis_always": {"axis"},
    "overwrites_its_input": {"purity"},
    "returns_float64": {"dtype"},
    "keeps_a_floor": {"mask", "accuracy", "sum_to_one"},
    "raises_on_infinity": {"mask"},
}
FLOAT32 = ("--role", "softmax", "--dtype", "float32")

Done = subprocess.CompletedProcess[str]
Cells = list[dict[str, Any]]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "mine.py").write_text(Path(stranger_subjects.__file__).read_text(encoding="utf-8"))
    with_small_plans(folder)
    return folder


def run(folder: Path, command: str, *words: str) -> Done:
    beside = str(Path(sys.executable).parent / command)
    return subprocess.run([beside, *words], cwd=folder, capture_output=True, text=True, check=False)


def audit(folder: Path, *words: str) -> tuple[Done, dict[str, Any]]:
    done = run(folder, "extremum", "audit", *words, "--report-dir", "report", "--json", "out.json")
    return done, json.loads((folder / "out.json").read_text())


@pytest.fixture(scope="module")
def sound(folder: Path) -> tuple[Done, dict[str, Any]]:
    return audit(folder, "mine.py:sound", "--role", "softmax", "--dtype", "float64,float32,float16,bfloat16", "-n", "2")


@pytest.fixture(scope="module")
def defects(folder: Path) -> tuple[Done, Cells]:
    done, record = audit(folder, *(f"mine.py:{name}" for name in EXPECTED), *FLOAT32, "-n", "2")
    return done, record["cells"]


def test_a_sound_softmax_is_accepted_in_four_dtypes(folder: Path, sound: tuple[Done, dict[str, Any]]) -> None:
    done, record = sound
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(record) >= TOP_LEVEL
    assert all(set(cell) >= CELL for cell in record["cells"])
    assert {cell["verdict"] for cell in record["cells"]} <= VERDICTS
    assert {p.name for p in (folder / "report").iterdir()} >= {"report.json", "report.html", "report.md"}


def test_defects_give_exit_1(defects: tuple[Done, Cells]) -> None:
    assert defects[0].returncode == 1


@pytest.mark.parametrize("name", EXPECTED)
def test_a_defect_is_refuted_with_both_witnesses(name: str, defects: tuple[Done, Cells]) -> None:
    refuted = {
        cell["property"]: cell
        for cell in defects[1]
        if cell["subject"] == f"mine.py:{name}" and cell["verdict"] == "refuted"
    }
    assert EXPECTED[name] & set(refuted)
    for cell in refuted.values():
        for witness in ("simplest", "worst"):
            assert cell[witness]["arguments"]
            assert all({"dtype", "shape"} <= set(a) for a in cell[witness]["arguments"].values())


@pytest.mark.skipif(not NIGHTLY, reason="as those of test_command_line.py: in the nightly run")
def test_one_worker_finds_what_two_found(folder: Path, defects: tuple[Done, Cells]) -> None:
    def found(cells: Cells) -> list[tuple[Any, ...]]:
        return [tuple(c.get(k) for k in ("subject", "property", "verdict", "simplest", "worst")) for c in cells]

    some = ["mine.py:unshifted", "mine.py:keeps_a_floor"]
    _, record = audit(folder, *some, *FLOAT32, "-n", "1")
    assert found(record["cells"]) == found([c for c in defects[1] if c["subject"] in some])


@pytest.mark.parametrize(
    "words",
    [
        ("mine.py:sonud", "--role", "softmax"),
        ("nowhere.py:sound", "--role", "softmax"),
        ("no_such_module:softmax",),
        ("mine.py:sound", "--role", "sotfmax"),
        ("mine.py:sound", "--role", "softmax", "--dtype", "float31"),
        ("mine.py:sound",),
    ],
)
def test_what_cannot_be_audited_is_a_line_and_exit_4(folder: Path, words: tuple[str, ...]) -> None:
    done = run(folder, "extremum", "audit", *words)
    said = done.stdout + done.stderr
    assert done.returncode == 4
    assert said.strip()
    assert "Traceback" not in said


def test_a_misspelt_subject_is_told_the_nearest_right_one(folder: Path) -> None:
    done = run(folder, "extremum", "audit", "mine.py:sonud", "--role", "softmax")
    assert "sound" in done.stdout + done.stderr


@pytest.mark.parametrize(("name", "code", "said"), [("unshifted", 1, "finite"), ("sound", 0, "passed")])
def test_pytest_gives_the_same_answer(folder: Path, name: str, code: int, said: str) -> None:
    done = run(folder, "pytest", "--subject", f"mine.py:{name}", *FLOAT32, "-n", "2", "-q")
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout


def test_python_returns_a_report_that_a_notebook_shows(folder: Path) -> None:
    code = (
        "import extremum, mine; from extremum.reports import audit; assert audit is extremum.audit\n"
        "r = extremum.audit(mine.unshifted, role='softmax', dtypes=['float32'])\n"
        "assert any(c.verdict == 'refuted' for c in r.cells); assert '<' in r._repr_html_()"
    )
    done = run(folder, "python", "-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("word", ["roles", "subjects", "properties", "regimes"])
def test_the_command_lists_what_there_is(folder: Path, word: str) -> None:
    done = run(folder, "extremum", word)
    assert done.returncode == 0
    assert len(done.stdout.split()) > 3
