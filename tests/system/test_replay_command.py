"""`extremum replay`: witnesses of a report run again, against the code as it is now."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from extremum.reports.cli import main
from extremum.reports.record.reading import read_report
from extremum.reports.views.render import render

NAIVE = """
import numpy as np


def my_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def half_logsumexp(x, axis=-1):
    top = x.max(axis=axis, keepdims=True)
    out = np.log(np.exp(x - top).sum(axis=axis)) + top.squeeze(axis)
    return out * np.asarray(SCALE, x.dtype)
"""
SOUND = NAIVE.replace("np.exp(x)\n", "np.exp(x - x.max(axis=axis, keepdims=True))\n")
AUDIT = ("--dtype", "float32", "--property", "finite,accuracy,shift_invariance", "-n", "0", "--report-dir", "report")


def invoke(*words: str) -> Result:
    done = CliRunner().invoke(main, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audited")
    (folder / "pkg").mkdir()
    (folder / "pkg" / "k.py").write_text(NAIVE.replace("SCALE", "1.001"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert invoke("audit", "pkg/k.py:my_softmax", "pkg/k.py:half_logsumexp", *AUDIT).exit_code == 1
    return folder


@pytest.fixture
def project(audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(audited, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def statuses(done: Result, name: str) -> set[str]:
    return {line.split()[0] for line in done.output.splitlines() if f":{name} " in line}


def test_what_is_as_it_was_is_still_and_what_is_mended_is_fixed(project: Path) -> None:
    done = invoke("replay", "report/report.json")
    assert (done.exit_code, statuses(done, "my_softmax"), statuses(done, "half_logsumexp")) == (1, {"STILL"}, {"STILL"})
    (project / "pkg" / "k.py").write_text(SOUND.replace("SCALE", "1.002"))
    done = invoke("replay", "report/report.json")
    assert done.exit_code == 1
    assert statuses(done, "my_softmax") == {"FIXED"}
    assert "WORSE" in statuses(done, "half_logsumexp")
    (project / "pkg" / "k.py").write_text(SOUND.replace("SCALE", "1"))
    done = invoke("replay", "report/report.json")
    assert (done.exit_code, statuses(done, "half_logsumexp")) == (0, {"FIXED"}), done.output


def test_a_call_that_ends_its_process_is_worse_and_one_that_is_gone_an_error(project: Path) -> None:
    (project / "pkg" / "k.py").write_text("import os\ndef my_softmax(x, axis=-1):\n    os._exit(3)\n")
    done = invoke("replay", "report/report.json")
    assert done.exit_code == 1
    assert (statuses(done, "my_softmax"), statuses(done, "half_logsumexp")) == ({"WORSE"}, {"ERROR"})
    assert "has no 'half_logsumexp'" in done.output


def test_another_subject_is_asked_in_place_of_each_ones_own(project: Path) -> None:
    record = json.loads((project / "report/report.json").read_text())
    record["cells"] = [c for c in record["cells"] if c["role"] == "softmax"]
    (project / "one.json").write_text(json.dumps(record))
    assert invoke("replay", "one.json", "--subject", "shifted").exit_code == 0
    done = invoke("replay", "one.json", "--subject", "pkg/k.py:nothing")
    assert done.exit_code == 4
    assert "has no 'nothing'" in done.output


def test_the_tests_that_are_written_fail_until_the_code_is_mended(project: Path) -> None:
    (project / "tests").mkdir()
    words = ("replay", "report/report.json", "--write", "tests/test_found.py", "--npz", "arrays")
    assert "tests: tests/test_found.py" in invoke(*words).output
    written = (project / "tests/test_found.py").read_text()
    assert "x = np.array([[88.72284]], dtype=np.float32)" in written
    assert "assert abs(float(answer[0, 0]) - 1.0) <= " in written
    with np.load(min((project / "arrays").glob("*.npz"))) as arrays:
        assert (arrays["x"].dtype, arrays["x"].shape) == (np.float32, (1, 1))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests"]
    before = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False).stdout
    assert "failed" in before
    assert "passed" not in before
    (project / "pkg" / "k.py").write_text(SOUND.replace("SCALE", "1"))
    after = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert after.returncode == 0, after.stdout


def test_a_file_of_tests_that_somebody_else_wrote_is_left_alone(project: Path) -> None:
    (project / "test_mine.py").write_text("def test_mine(): ...\n")
    done = invoke("replay", "report/report.json", "--write", "test_mine.py")
    assert (done.exit_code, (project / "test_mine.py").read_text()) == (4, "def test_mine(): ...\n")


def cut(record: dict[str, Any], *keys: Any) -> dict[str, Any]:
    """The record without what is at the end of the keys."""
    *above, last = keys
    place: Any = record
    for key in above:
        place = place[key]
    del place[last]
    return record


def put(record: dict[str, Any], value: Any, *keys: Any) -> dict[str, Any]:
    """The record with another value at the end of the keys."""
    *above, last = keys
    place: Any = record
    for key in above:
        place = place[key]
    place[last] = value
    return record


X = ("cells", 0, "simplest", "arguments", "x")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: [], "it has no key 'schema': a report.json of extremum is needed"),
        (lambda r: put(r, "extremum.report/99", "schema"), "schema='extremum.report/99' is not 'extremum.report/"),
        (lambda r: cut(r, "cells"), "key 'cells' is missing: a list is needed"),
        (lambda r: put(r, "7", "seed"), "seed='7' is not valid: a whole number is needed"),
        (lambda r: put(r, 3, "cells", 0), "cells[0]=3 is not valid: an object is needed"),
        (lambda r: cut(r, "cells", 0, "role"), "key 'cells[0].role' is missing: text is needed"),
        (
            lambda r: put(r, "refutd", "cells", 0, "verdict"),
            "cells[0].verdict='refutd' is not known: did you mean 'refu",
        ),
        (lambda r: put(r, "float31", "cells", 0, "dtype"), "cells[0].dtype='float31' is not known: did you mean"),
        (lambda r: put(r, True, "cells", 0, "examined"), "cells[0].examined=True is not valid: a whole number is"),
        (
            lambda r: put(r, "much", "cells", 0, "simplest", "measured"),
            "cells[0].simplest.measured='much' is not valid",
        ),
        (lambda r: put(r, {}, "cells", 0, "simplest", "arguments"), "cells[0].simplest.arguments is empty"),
        (lambda r: put(r, "x", *X, "dtype"), "cells[0].simplest.arguments.x.dtype='x' is not known"),
        (lambda r: put(r, [1 << 40], *X, "shape"), "cells[0].simplest.arguments.x.shape=[1099511627776] is not valid"),
        (
            lambda r: put(r, [1, 2], *X, "shape"),
            "cells[0].simplest.arguments.x.values has 1 entries; shape=[1, 2] needs 2",
        ),
        (
            lambda r: put(r, ["one"], *X, "values"),
            "cells[0].simplest.arguments.x.values[0]='one' is not a number as C99",
        ),
        (lambda r: cut(r, *X, "values"), "cells[0].simplest.arguments.x has no entries: one of values, runs, tile"),
    ],
)
def test_a_report_that_is_not_one_is_refused_with_file_key_and_what_would_be_valid(
    audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    record = json.loads((audited / "report/report.json").read_text())
    Path("bad.json").write_text(json.dumps(change(record)))
    done = invoke("replay", "bad.json")
    assert done.exit_code == 4
    assert done.output.startswith(f"extremum: 'bad.json': {message}")
    assert len(done.output.splitlines()) == 1


def test_a_file_that_was_cut_or_is_not_there_is_refused(
    audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cut.json").write_bytes((audited / "report/report.json").read_bytes()[:900])
    done = invoke("replay", "cut.json")
    assert (done.exit_code, len(done.output.splitlines())) == (4, 1)
    assert "'cut.json' is not JSON, or was cut" in done.output
    assert invoke("replay", "none.json").exit_code == 4


def test_the_scripts_of_a_report_fail_in_any_folder_until_the_file_is_mended(audited: Path, tmp_path: Path) -> None:
    scripts, file = sorted((audited / "report" / "scripts").glob("*.py")), audited / "pkg" / "k.py"
    page, told = ((audited / "report" / name).read_text() for name in ("report.html", "report.md"))
    assert len(scripts) == 3
    broken = file.read_text()
    try:
        for text, expected in ((broken, 1), (SOUND.replace("SCALE", "1.0"), 0)):
            file.write_text(text)
            for script in scripts:
                done = subprocess.run([sys.executable, "-B", script], cwd=tmp_path, capture_output=True, check=False)
                assert done.returncode == expected, done.stderr
                assert f"scripts/{script.name}" in page
                assert f"scripts/{script.name}" in told
                assert "extremum" not in script.read_text().replace("audit", "")
    finally:
        file.write_text(broken)


def test_scripts_of_an_earlier_report_go_and_a_readers_own_stay(audited: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    shutil.copytree(audited / "report", folder)
    old, own = folder / "scripts" / "old.py", folder / "scripts" / "own.py"
    shutil.copy(next(p for p in (folder / "scripts").glob("*.py")), old)
    own.write_text("print(1)\n")
    render(read_report(folder / "report.json"), folder, None)
    assert own.is_file()
    assert not old.exists()
