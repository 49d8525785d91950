"""A bare audit and `pytest --extremum` are of the subjects in the settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from extremum.reports.cli import main

pytest_plugins = ["pytester"]
KERNELS = """
import numpy as np


def my_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def sound(x, axis=-1):
    wide = x.astype(np.result_type(x.dtype, np.float32))
    e = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)
"""
SETTINGS = """
[tool.extremum]
dtypes = ["float32"]
seed = 3

[tool.extremum.subjects]
"pkg/k.py:my_softmax" = { properties = ["finite"] }
"pkg/k.py:sound" = { role = "softmax", properties = ["nonnegative"], dtypes = ["float16"] }
"""


def written(folder: Path) -> Path:
    (folder / "pkg" / "inner").mkdir(parents=True)
    (folder / "pkg" / "k.py").write_text(KERNELS)
    (folder / "pyproject.toml").write_text(SETTINGS)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return written(tmp_path)


def test_a_bare_audit_below_the_file_is_of_its_subjects_with_their_own_options(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "pkg" / "inner")
    done = CliRunner().invoke(main, ["audit", "-n", "0", "--json", "out.json", "--report-dir", "out"])
    assert done.exit_code == 1, done.output
    record = json.loads(Path("out.json").read_text())
    assert record["seed"] == 3
    assert [(c["subject"], c["property"], c["dtype"], c["verdict"]) for c in record["cells"]] == [
        ("k.py:my_softmax", "finite", "float32", "refuted"),
        ("k.py:sound", "nonnegative", "float16", "held"),
    ]


@pytest.mark.parametrize(
    ("words", "visited"),
    [
        (["k.py:sound", "--role", "softmax", "--effort", "quick"], "1-5, 7-9, 16, 17, 33, 64, 129, 1000"),
        (["k.py:sound", "--role", "softmax"], "1-9, 15-17, 24, 31-33, 64, 129, 1000"),
        (["--role", "softmax_jacobian"], "1-5, 7-9, 16, 17, 33, 64, 129"),  # bare, and without settings
    ],
)
def test_effort_is_standard_but_for_a_bare_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], visited: str
) -> None:
    (tmp_path / "k.py").write_text(KERNELS)
    monkeypatch.chdir(tmp_path)
    words = ["audit", *words, "-n", "0", "--dtype", "float32", "--property", "dtype", "--json", "out.json"]
    assert CliRunner().invoke(main, words).exit_code == 0
    record = json.loads(Path("out.json").read_text())
    assert {facets["lengths"] for facets in record["plans"]["shapes"]} == {visited}


def test_an_empty_table_of_subjects_is_nothing_tested(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").write_text("[tool.extremum.subjects]\n")
    monkeypatch.chdir(project)
    done = CliRunner().invoke(main, ["audit"])
    assert done.exit_code == 5
    assert "[tool.extremum.subjects]" in done.output


def test_pytest_runs_the_subjects_of_the_settings(pytester: pytest.Pytester) -> None:
    written(pytester.path)
    done = pytester.runpytest_subprocess("--extremum", "-p", "no:cacheprovider", "--property", "finite")
    done.assert_outcomes(failed=1, passed=1)
    done.stdout.fnmatch_lines(["FAILED k.py:my_softmax::finite?float32? - *"])


def test_pytest_without_subjects_in_the_settings_is_a_usage_error(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_subprocess("--extremum", "-n", "0")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*no pyproject.toml here or above has subjects in ?tool.extremum.subjects?*"])
