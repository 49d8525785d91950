"""`extremum init` in a repository, and what a pipeline runs of what it writes."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from extremum.reports.cli import main
from extremum.reports.driving.settings import project_settings

ROOT = Path(__file__).parents[2]
KERNELS = """
raise RuntimeError("imported")


def softmax(x, axis=-1): ...
def my_log_softmax(x, axis=-1): ...
def rowwise_logsumexp_fast(x): ...
def softmax_backward(g, y): ...
def log_softmax_of(a, b, c): ...
def unrelated(x): ...
def needs_softmax(x, *, scale): ...


class Layer:
    def softmax(self, x): ...
"""
FOUND = {
    "pkg/kernels.py:softmax": {"role": "softmax"},
    "pkg/kernels.py:my_log_softmax": {"role": "log_softmax"},
    "pkg/kernels.py:rowwise_logsumexp_fast": {"role": "logsumexp"},
}
WRITTEN = ["pyproject.toml", "tests/test_extremum.py", ".github/workflows/extremum.yml"]
SOUND = """
import numpy as np


def my_softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("pkg", "venv/lib", "tests", ".hidden"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "pkg/kernels.py").write_text(KERNELS)
    (tmp_path / "pkg/broken.py").write_text("def softmax(:\n")
    (tmp_path / "venv/pyvenv.cfg").touch()
    for path in ("venv/lib/x.py", "tests/helper.py", ".hidden/x.py", "pkg/test_x.py", "pkg/x_test.py", "conftest.py"):
        (tmp_path / path).write_text("def softmax(x): ...\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"  # kept')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*words: str) -> Result:
    return CliRunner().invoke(main, ["init", *words])


def commands(steps: list[dict[str, Any]]) -> list[str]:
    return [step["run"] for step in steps if "run" in step]


def test_functions_are_found_by_their_names_and_nothing_is_imported(repository: Path) -> None:
    done = init()
    assert done.exit_code == 0, done.output
    text = (repository / "pyproject.toml").read_text()
    assert text.startswith('[project]\nname = "x"  # kept\n')
    assert tomllib.loads(text)["tool"]["extremum"] == {"subjects": FOUND}
    assert project_settings(repository).subjects == {word: {"role": row["role"]} for word, row in FOUND.items()}
    assert all((repository / path).exists() for path in WRITTEN)
    for line in (
        "found pkg/kernels.py:softmax: role softmax",
        "left out pkg/kernels.py:log_softmax_of: it does not take the arguments of f(x, axis=-1)",
        "left out pkg/kernels.py:needs_softmax: it does not take",
        "left out pkg/broken.py: it is not Python: SyntaxError",
        "1 file of Python read, none imported",
        "write tests/test_extremum.py",
    ):
        assert line in done.output


def test_a_dry_run_writes_nothing(repository: Path) -> None:
    before = sorted(repository.rglob("*"))
    done = init("--dry-run")
    assert (done.exit_code, sorted(repository.rglob("*"))) == (0, before)
    assert "would add to pyproject.toml" in done.output
    assert '"pkg/kernels.py:softmax" = { role = "softmax" }' in done.output


def test_what_is_there_is_left_as_it_is(repository: Path) -> None:
    init()
    texts = {path: (repository / path).read_text() for path in WRITTEN}
    done = init()
    assert done.exit_code == 0
    assert {path: (repository / path).read_text() for path in WRITTEN} == texts
    assert "pyproject.toml has [tool.extremum] already: left as it is" in done.output


def test_without_a_function_it_writes_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no function is named for a role" in init().output
    assert all((tmp_path / path).exists() for path in WRITTEN)
    assert CliRunner().invoke(main, ["audit"]).exit_code == 5


@pytest.mark.parametrize("content", ["[tool", "tool = {}\n", b"\xff"])
def test_a_pyproject_that_cannot_be_added_to_is_refused_and_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "pyproject.toml").write_bytes(raw)
    done = init()
    assert (done.exit_code, len(done.output.splitlines())) == (4, 1), done.output
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [raw]


def test_a_pipeline_runs_what_init_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(SOUND)
    init()
    workflow = yaml.safe_load((tmp_path / WRITTEN[2]).read_text())
    install, audit = commands(workflow["jobs"]["audit"]["steps"])
    assert install == "python -m pip install extremum"
    action = yaml.safe_load((ROOT / ".github/actions/audit/action.yml").read_text())
    from_checkout, audit_of_action = commands(action["runs"]["steps"])
    assert (ROOT / ".github/actions/audit/../../../pyproject.toml").exists()
    assert "$GITHUB_ACTION_PATH/../../.." in from_checkout
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    settings = (tmp_path / "pyproject.toml").read_text()
    narrow = '[tool.extremum]\ndtypes = ["float32"]\nproperties = ["finite"]\n'
    (tmp_path / "pyproject.toml").write_text(settings.replace("[tool.extremum]\n", narrow))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    test = "python -m pytest -q -n 0 -p no:cacheprovider tests"
    for command in (audit, audit_of_action, hook["entry"], test):
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "ARGUMENTS": "k.py:my_softmax"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "extremum-report/report.json").exists()
