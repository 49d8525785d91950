from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import extremum.properties.roles
from extremum.properties.roles.registry import place_of, role_named, roles

ROOT = Path(__file__).parents[2]
WORKED = (ROOT / "properties" / "roles" / "README.md").read_text(encoding="utf-8")
MODULE = next(code for code in re.findall(r"```python\n(.*?)```", WORKED, re.DOTALL) if "The role sigmoid" in code)
MINE = """
import numpy as np


def overflowing_sigmoid(x):
    e = np.exp(x)
    return e / (1 + e)


def sound_sigmoid(x):
    e = np.exp(-np.abs(x.astype(np.promote_types(x.dtype, np.float32))))
    return (np.where(x >= 0, 1, e) / (1 + e)).astype(x.dtype)


def cancelling_sigmoid(x):
    return (1 - 1 / (1 + np.exp(np.minimum(x, 10)))).astype(x.dtype)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "sigmoid.py").write_text(MODULE)
    (tmp_path / "mine.py").write_text(MINE)
    yield tmp_path
    roles.cache_clear()
    sys.modules.pop("extremum.properties.roles.sigmoid", None)


def audit(folder: Path, *words: str) -> tuple[int, list[dict[str, str]]]:
    command = [sys.executable, "-m", "extremum.reports.cli", "audit", *words, "--json", "out.json", "-n", "2"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (folder / "out.json").exists(), done.stderr
    return done.returncode, json.loads((folder / "out.json").read_text())["cells"]


@pytest.mark.slow
def test_the_worked_example_passes_a_sound_sigmoid_in_every_dtype(folder: Path) -> None:
    code, cells = audit(folder, "mine.py:sound_sigmoid", "--role", "sigmoid.py")
    assert code == 0
    assert {c["verdict"] for c in cells} == {"held"}
    assert len(cells) == 4 * 8


def test_the_worked_example_refutes_an_overflow_and_a_cancellation(folder: Path) -> None:
    words = ("--role", "sigmoid.py", "--dtype", "float32", "--property", "finite,accuracy")
    code, cells = audit(folder, "mine.py:overflowing_sigmoid", "mine.py:cancelling_sigmoid", *words)
    assert code == 1
    refuted = {(c["subject"].split(":")[1], c["property"]) for c in cells if c["verdict"] == "refuted"}
    assert {("overflowing_sigmoid", "finite"), ("cancelling_sigmoid", "accuracy")} <= refuted


def test_a_module_that_is_there_is_a_role_without_an_entry_in_any_list(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extremum.properties.roles, "__path__", [*extremum.properties.roles.__path__, str(folder)])
    (folder / "mine.py").unlink()
    roles.cache_clear()
    assert role_named("sigmoid").value == "1 / (1 + exp(-x_i))"
    assert place_of(role_named("sigmoid")) == "sigmoid"


def test_a_file_without_a_role_is_a_usage_error_in_one_line(folder: Path) -> None:
    command = [sys.executable, "-m", "extremum.reports.cli", "audit", "mine.py:sound_sigmoid", "--role", "mine.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert len(done.stderr.strip().splitlines()) == 1
    assert "ROLE" in done.stderr
