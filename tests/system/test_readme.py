from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from nightly import NIGHTLY

import extremum.properties.roles
from extremum.properties.roles.registry import place_of, role_named, roles

ROOT = Path(__file__).parents[2]
FRONT = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = FRONT.partition("## Replace your `allclose`")[2].partition("\n## ")[0]
ONE_ANSWER, TESTS = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
BROKEN = re.search(r"cat > mine.py <<'PY'\n(.*?)    PY", FRONT, re.DOTALL)
SHIFTED = "import numpy as np\ndef my_softmax(x, axis=-1):\n    x = x - x.max(axis=axis, keepdims=True)\n"
WORKED = (ROOT / "properties" / "roles" / "README.md").read_text(encoding="utf-8")
MODULE = next(code for code in re.findall(r"```python\n(.*?)```", WORKED, re.DOTALL) if "The role logistic" in code)
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


def block(text: str) -> list[str]:
    """The lines of the indented block that a text begins with."""
    lines = itertools.takewhile(lambda line: not line or line.startswith("    "), text.splitlines())
    return textwrap.dedent("\n".join(lines)).rstrip().splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "logistic.py").write_text(MODULE)
    (tmp_path / "mine.py").write_text(MINE)
    yield tmp_path
    roles.cache_clear()
    sys.modules.pop("extremum.properties.roles.logistic", None)


def audit(folder: Path, *words: str) -> tuple[int, list[dict[str, str]]]:
    command = [sys.executable, "-m", "extremum.reports.cli", "audit", *words, "--json", "out.json", "-n", "2"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (folder / "out.json").exists(), done.stderr
    return done.returncode, json.loads((folder / "out.json").read_text())["cells"]


@pytest.mark.slow
def test_the_worked_example_passes_a_sound_sigmoid_in_every_dtype(folder: Path) -> None:
    effort = "standard" if NIGHTLY else "quick"
    code, cells = audit(folder, "mine.py:sound_sigmoid", "--role", "logistic.py", "--effort", effort)
    assert code == 0
    assert {c["verdict"] for c in cells} == {"held"}
    assert len(cells) == 4 * 8


def test_the_worked_example_refutes_an_overflow_and_a_cancellation(folder: Path) -> None:
    words = ("--role", "logistic.py", "--dtype", "float32", "--property", "finite,accuracy")
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
    assert role_named("logistic").value == "1 / (1 + exp(-x_i))"
    assert place_of(role_named("logistic")) == "logistic"


def test_a_file_without_a_role_is_a_usage_error_in_one_line(folder: Path) -> None:
    command = [sys.executable, "-m", "extremum.reports.cli", "audit", "mine.py:sound_sigmoid", "--role", "mine.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert len(done.stderr.strip().splitlines()) == 1
    assert "ROLE" in done.stderr


def test_the_answer_that_allclose_passes_fails_with_the_message_that_is_shown(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ONE_ANSWER], cwd=tmp_path, capture_output=True, text=True, check=False)
    shown = block(SECTION.partition("an `AssertionError`:\n\n")[2])
    assert done.returncode == 1
    traceback, _, message = done.stderr.partition("extremum.Unsound: ")
    assert f"line {ONE_ANSWER.count(chr(10))}, in <module>" in traceback  # the last one: all before it passes
    assert message.rstrip().splitlines() == shown


def test_the_first_audit_prints_what_is_shown(tmp_path: Path) -> None:
    assert BROKEN is not None
    (tmp_path / "mine.py").write_text(textwrap.dedent(BROKEN.group(1)))
    command, shown = FRONT[BROKEN.end() :].split("\nIt prints\n\n")
    words = [sys.executable, "-m", *command.split()]
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert [line.rstrip() for line in done.stdout.splitlines()] == block(shown)
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("sound", [True, False])
def test_the_tests_that_are_shown_pass_a_sound_function_and_fail_a_broken_one(tmp_path: Path, sound: bool) -> None:
    assert BROKEN is not None
    broken = textwrap.dedent(BROKEN.group(1))
    (tmp_path / "mine.py").write_text(SHIFTED + broken.splitlines()[-1] + "\n" if sound else broken)
    (tmp_path / "test_mine.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == (not sound), done.stdout
    if not sound:
        failed = set(re.findall(r"^FAILED test_mine.py::(\w+)", done.stdout, re.MULTILINE))
        assert failed == set(re.findall(r"def (test_\w+)", TESTS))


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("", "the fixture extremes needs a marker, as @pytest.mark.extremes('softmax', 'float32')"),
        ("@pytest.mark.extremes('sofmax', 'float32')", "did you mean 'softmax'?"),
        ("@pytest.mark.extremes('softmax')", "missing 1 required positional argument: 'dtype'"),
    ],
)
def test_a_fixture_that_is_asked_for_wrongly_says_so(tmp_path: Path, marker: str, said: str) -> None:
    (tmp_path / "test_mine.py").write_text(f"import pytest\n\n{marker}\ndef test_it(extremes): pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_the_section_on_ci_is_short() -> None:
    section = FRONT.partition("## In CI\n")[2].partition("\n## ")[0]
    assert len(section.strip().splitlines()) <= 24  # and its heading
