"""The command and the plugin, run as their users run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from nightly import NIGHTLY, with_small_plans
from record_schema import SCHEMA

from extremum.reference.softmax import shifted
from extremum.reports import Report, audit
from extremum.reports.cli import main
from extremum.reports.views.script import script

SUBJECTS = """
import ctypes
import os

import numpy as np


def sound_softmax(x, axis=-1):
    wide = x.astype(np.result_type(x.dtype, np.float32))
    e = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


def naive_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def flat_softmax(x, axis=-1):
    e = np.exp(x - x.max())
    return e / e.sum()


def crashing_softmax(x, axis=-1):
    if x.shape[axis] == 5:
        ctypes.string_at(0)
    return sound_softmax(x, axis)


def leaving_softmax(x, axis=-1):
    if x.shape[axis] == 5:
        os._exit(3)
    return sound_softmax(x, axis)


def endless_softmax(x, axis=-1):
    if x.shape[axis] == 5:
        sum(range(10**13))  # in compiled code: no exception gets through
    return sound_softmax(x, axis)


def chatty_softmax(x, axis=-1):
    print("hello")
    return sound_softmax(x, axis)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(SUBJECTS)
    with_small_plans(tmp_path)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "HYPOTHESIS"))}
    place = Path(sys.executable).parent
    command = [str(place / words[0]), *words[1:]]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False, env=environment
    )


def cells(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    record = json.loads((folder / "out.json").read_text())
    jsonschema.validate(record, SCHEMA)
    return {(c["subject"], c["property"]): c for c in record["cells"]}


def test_an_audit_writes_reports_and_exits_with_findings(folder: Path) -> None:
    words = ("extremum", "audit", "mine.py:naive_softmax", "--dtype", "float32", "--property", "finite,nonnegative")
    done = run(folder, *words, "--json", "out.json", "--report-dir", "here/report", "-n", "2")
    assert done.returncode == 1, done.stderr
    assert {p.name for p in (folder / "here/report").iterdir()} == {
        "report.json",
        "report.html",
        "report.md",
        "report.sarif",
        "scripts",
    }
    found = cells(folder)
    assert found["mine.py:naive_softmax", "finite"]["verdict"] == "refuted"
    assert found["mine.py:naive_softmax", "nonnegative"]["verdict"] == "held"
    assert "mine.py:naive_softmax is not sound in float32: exp overflows from 88.72284 up" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not NIGHTLY, reason="as six subjects of test_trial.py: in the nightly run")
def test_a_subject_that_ends_or_hangs_its_process_costs_its_own_cells_alone(folder: Path) -> None:
    subjects = [f"mine.py:{name}_softmax" for name in ("crashing", "leaving", "endless", "sound")]
    # Ten seconds, though one would do for a call that never returns: the sound cell has to end on a busy machine too.
    limits = ("--cell-timeout", "10", "--first-call-timeout", "10")
    words = (
        "--dtype",
        "float32",
        "--property",
        "finite",
        "--effort",
        "quick",
        "--json",
        "out.json",
        "-n",
        "2",
        *limits,
    )
    done = run(folder, "extremum", "audit", *subjects, *words)
    assert done.returncode == 1, done.stderr
    found = {name.split(":")[1]: c for (name, _), c in cells(folder).items()}
    assert found["crashing_softmax"]["verdict"] == found["leaving_softmax"]["verdict"] == "crashed"
    assert "exit 3, again when run alone" in found["leaving_softmax"]["detail"]
    assert "SIGSEGV, again when run alone" in found["crashing_softmax"]["detail"]
    assert found["endless_softmax"]["verdict"] == "hung"
    assert found["sound_softmax"]["verdict"] == "held"
    assert found["crashing_softmax"]["simplest"]["arguments"]["x"]["shape"] == [1, 5]


@pytest.mark.slow
def test_one_worker_finds_what_two_find(folder: Path) -> None:
    asked = ("mine.py:flat_softmax", "mine.py:naive_softmax", "--dtype", "float16", "--json", "out.json")
    words = (*asked, "--property", "finite,shift_invariance,axis", "--effort", "quick", "--seed", "11")
    found = []
    for workers in ("1", "2", "0"):
        assert run(folder, "extremum", "audit", *words, "-n", workers).returncode == 1
        record = json.loads((folder / "out.json").read_text())
        cells = [{k: v for k, v in c.items() if k != "seconds"} for c in record["cells"]]
        found.append((cells, record["findings"]))
    assert found[0] == found[1] == found[2]


@pytest.mark.slow
def test_a_missing_shift_is_one_finding_and_few_lines(folder: Path) -> None:
    words = ("mine.py:naive_softmax", "--dtype", "float32,float16", "--effort", "quick", "--json", "out.json")
    done = run(folder, "extremum", "audit", *words)
    assert done.returncode == 1
    assert len(json.loads((folder / "out.json").read_text())["findings"]) == 1
    assert len(done.stdout.splitlines()) <= 20


def test_q_prints_the_answer_alone_and_v_every_cell(folder: Path) -> None:
    words = ("audit", "mine.py:naive_softmax", "--dtype", "float32", "--property", "finite,nonnegative")
    quiet, verbose = (run(folder, "extremum", *words, flag) for flag in ("-q", "-v"))
    assert quiet.stdout.splitlines() == [
        "mine.py:naive_softmax is not sound in float32: exp overflows from 88.72284 up",
        "and gives NaN. Subtract the row's maximum first.",
    ]
    assert "  finite       refuted float32\n  nonnegative  held float32\n" in verbose.stdout
    both = run(folder, "extremum", *words, "-q", "-v")
    assert (both.returncode, both.stderr) == (4, "extremum: -q and -v: one of them prints less, the other more\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("audit", "mine.py:sound_softmx"), 4, "did you mean 'sound_softmax'"),
        (("audit", "mine.py:sound_softmax", "--dtype", "float31"), 4, "did you mean 'float32'"),
        (("audit", "mine.py:sound_softmax", "--property", "finit"), 4, "did you mean 'finite'"),
        (("audit", "mine.py:sound_softmax", "--regime", "tie"), 4, "did you mean 'ties'"),
        (("audit", "mine.py:sound_softmax", "--budget", "soon"), 4, "not a duration"),
        (("audit", "mine.py:sound_softmax", "--cell-timeout", "0"), 4, "positive"),
        (("audit", "mine.py:sound_softmax", "--examples", "-1"), 4, "0 or more"),
        (("audit", "mine.py:sound_softmax", "--report-dir", "mine.py/x"), 4, "cannot be written"),
        (("audit", "mine.py:sound_softmax", "--json", "."), 4, "is a folder"),
        (("audit", "mine.py:sound_softmax", "-n", "many"), 4, "neither 'auto' nor a number"),
        (("audit", "--no-such-option"), 4, "--no-such-option"),
        (("adit",), 4, "adit"),
        ((), 4, "Usage"),
        (("audit", "mine.py:sound_softmax", "-n", "0", "--property", "mask", "--regime", "ties"), 5, "inapplicable"),
    ],
)
def test_what_is_not_valid_is_one_line_and_the_right_exit_code(
    folder: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = run(folder, "extremum", *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_pytest_runs_the_same_cells_beside_a_projects_own_tests(folder: Path) -> None:
    (folder / "test_own.py").write_text("def test_own(): pass\n")
    words = ("--role", "softmax", "--dtype", "float32", "--property", "finite,purity", "-q")
    alone = run(folder, "pytest", "--subject", "mine.py:naive_softmax", *words)
    assert alone.returncode == 1
    assert "FAILED mine.py:naive_softmax::finite[float32]" in alone.stdout
    assert "1 failed, 1 passed" in alone.stdout
    both = run(folder, "pytest", "--subject", "mine.py:sound_softmax", *words, "test_own.py", "-n", "2")
    assert "3 passed" in both.stdout
    without = run(folder, "pytest", "-q")
    assert "1 passed" in without.stdout


@pytest.mark.slow
def test_a_role_without_libraries_is_audited_by_its_references(folder: Path) -> None:
    words = ("audit", "--role", "descent_step", "--property", "accuracy", "--dtype", "float16", "--examples", "0")
    assert run(folder, "extremum", *words, "-n", "0").returncode == 0
    asked = run(folder, "extremum", *words, "libraries")
    assert asked.returncode == 4
    assert "subject='libraries': none is known for role='descent_step'" in asked.stderr


def test_pytest_usage_errors_are_one_line(folder: Path) -> None:
    done = run(folder, "pytest", "--subject", "mine.py:absent_softmax")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert "mine.py has no 'absent_softmax'" in done.stderr


@pytest.mark.slow
def test_a_reader_that_leaves_early_costs_neither_the_report_nor_a_traceback(folder: Path) -> None:
    words = "mine.py:naive_softmax --dtype float32 --effort quick --json out.json"
    audit = f"{Path(sys.executable).parent}/extremum audit {words}"
    done = subprocess.run(
        ["bash", "-c", f"{audit} | head -n 1"], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert "Traceback" not in done.stderr
    assert len(cells(folder)) == 17


@pytest.mark.slow
def test_what_a_subject_prints_does_not_reach_the_terminal(folder: Path) -> None:
    done = run(folder, "extremum", "audit", "mine.py:chatty_softmax", "--dtype", "float32", "--property", "purity")
    assert "hello" not in done.stdout + done.stderr
    assert "lines were printed" in done.stdout


@pytest.mark.slow
def test_a_script_reproduces_its_finding_with_numpy_alone(folder: Path) -> None:
    words = ("mine.py:naive_softmax", "--dtype", "float32,bfloat16", "--property", "finite,shift_invariance")
    run(folder, "extremum", "audit", *words, "--json", "out.json")
    report = Report.from_json(json.loads((folder / "out.json").read_text()))
    for cell in report.unexpected:
        assert cell.simplest is not None
        (folder / "again.py").write_text(script(cell, cell.simplest, report.subjects[0]))
        done = run(folder, "python", "-W", "ignore", "again.py")
        assert done.returncode == 1, done.stderr
        assert "nan" in done.stdout


def test_the_python_function_returns_the_report() -> None:
    def my_softmax(x: Any, axis: int = -1) -> Any:
        return x

    report = audit(my_softmax, dtypes=["float32"], properties=["sum_to_one"], examples=5)
    assert isinstance(report, Report)
    assert [c.verdict for c in report.cells] == ["refuted"]
    assert "<" in report._repr_html_()
    jsonschema.validate(report.to_json(), SCHEMA)
    again = Report.from_json(report.to_json())
    assert again.to_json() == report.to_json()


def test_a_report_is_true_where_nothing_is_found_and_prints_as_on_a_terminal() -> None:
    broken = audit(lambda x, axis=-1: x, "softmax", dtypes=[np.float32], properties=["sum_to_one"], examples=5)
    sound = audit(shifted, "softmax", dtypes=[np.dtype("float32")], properties=["sum_to_one"], examples=5)
    assert (bool(broken), broken.ok, bool(sound), sound.ok) == (False, False, True, True)
    assert "is not sound in float32" in " ".join(str(broken).split())
    assert max(map(len, str(sound).splitlines())) <= 80


ONE_CELL = ("--role", "softmax", "--dtype", "float32", "--property", "finite", "--examples", "4")


@pytest.mark.parametrize(
    "spec", ["mine:sound_softmax", "package/ops.py:softmax", "package.ops:softmax", "mine.py::sound_softmax"]
)
def test_a_subject_is_named_as_it_is_imported_or_as_pytest_names_it(folder: Path, spec: str) -> None:
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("from .ops import softmax\n")
    (folder / "package" / "ops.py").write_text("from .helper import softmax\n")
    (folder / "package" / "helper.py").write_text("from mine import sound_softmax as softmax\n")
    before = {place.name for place in folder.iterdir()}
    done = run(folder, "extremum", "audit", spec, *ONE_CELL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {place.name for place in folder.iterdir()} - before - {"__pycache__"} == {"extremum-report"}


def test_the_record_goes_to_standard_output_alone_where_it_is_asked_for(folder: Path) -> None:
    done = run(folder, "extremum", "audit", "mine.py:naive_softmax", *ONE_CELL, "--json", "-")
    assert done.returncode == 1
    jsonschema.validate(json.loads(done.stdout), SCHEMA)
    assert "is not sound" in done.stderr
    assert not (folder / "-").exists()


def test_a_record_is_not_written_into_a_folder_that_is_not_there(folder: Path) -> None:
    done = run(folder, "extremum", "audit", "mine.py:naive_softmax", *ONE_CELL, "--json", "nowhere/x.json")
    assert (done.returncode, (folder / "nowhere").exists()) == (4, False)
    assert done.stderr.splitlines() == ["extremum: json='nowhere/x.json': there is no folder 'nowhere'"]


def test_what_is_left_at_its_default_is_said(folder: Path) -> None:
    (folder / "warm.py").write_text(
        "from mine import sound_softmax\ndef softmax(x, axis=-1, temperature=1.0): return sound_softmax(x, axis)\n"
    )
    done = run(folder, "extremum", "audit", "warm.py:softmax", *ONE_CELL)
    assert "temperature=1.0 left at its default" in done.stdout.splitlines()[0]


def test_a_code_is_explained_from_the_propertys_own_text(folder: Path) -> None:
    done = run(folder, "extremum", "explain", "ex104")
    assert done.returncode == 0
    assert "Allowed: (d + 2) u" in done.stdout
    wrong = run(folder, "extremum", "explain", "EX999")
    assert wrong.returncode == 4
    assert "is not known" in wrong.stderr


def test_lists_name_what_there_is(folder: Path) -> None:
    for word, name in (("roles", "softmax"), ("subjects", "naive"), ("properties", "EX101"), ("regimes", "all-equal")):
        done = run(folder, "extremum", word)
        assert done.returncode == 0
        assert name in done.stdout


@pytest.mark.parametrize("words", ["explain EX105", "explain EX205", "regimes"])
def test_without_docstrings_the_same_texts_are_printed(folder: Path, words: str) -> None:
    done = run(folder, "python", "-OO", "-m", "extremum", *words.split())
    assert done.returncode == 0, done.stderr
    assert done.stdout == CliRunner().invoke(main, words.split()).stdout
    assert len(done.stdout.splitlines()) > 10
