"""A user's own file, which uses the public names as the README does, is checked strictly by mypy."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import extremum

HEAD = """
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

import extremum
from extremum import Judgement, Report, Unsound

Floats = npt.NDArray[np.float32]


def my_softmax(x: Floats, axis: int = -1) -> Floats:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    out: Floats = e / e.sum(axis=axis, keepdims=True)
    return out

"""
SOUND = """
def causes() -> list[str]:
    report: Report = extremum.audit(my_softmax, role="softmax", dtypes=["float32"], properties=["finite"], seed=1)
    return [] if report.ok else [finding.cause for finding in report.findings]


def worst(x: Floats) -> float:
    judgement: Judgement = extremum.judge(my_softmax(x), "softmax", x)
    return float(judgement.error_ulps.max())


def rows() -> Iterator[tuple[str, Floats]]:
    for regime, (x,) in extremum.extremes("softmax", "float32", seed=0):
        yield regime, x


@given(extremum.strategies.arguments("softmax", "float32"))
def test_it_answers_what_hypothesis_asks(arguments: tuple[Floats]) -> None:
    extremum.assert_within(my_softmax(*arguments), "softmax", *arguments)


def test_it_passes_an_audit() -> None:
    try:
        extremum.assert_sound(my_softmax, role="softmax", dtypes=["float32"], isolated=True)
    except Unsound as unsound:
        pytest.fail(str(unsound))


def test_of_a_formula() -> None:
    extremum.assert_sound(np.tanh, role=extremum.formula("tanh(x)", ulps=4), effort="quick")


VERSION: str = extremum.__version__
"""
WRONG = """
x = np.zeros(3, np.float32)
extremum.audit(my_softmax, rule="softmax")
extremum.audit(my_softmax, role="softmax", seed="one")
extremum.audit(my_softmax, role="softmax").finding
extremum.judge(my_softmax(x), 1, x)
extremum.judge(my_softmax(x), "softmax", x).ulps
extremum.assert_sound(my_softmax, role="softmax").ok
extremum.extremes("softmax", "float32", seed=None)
extremum.formula(3)
extremum.assert_near(x, x)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed: --group dev"),
    pytest.mark.skipif(
        not str(extremum.__file__).startswith(sysconfig.get_path("purelib")),
        reason="extremum is installed editable, where mypy does not find it",
    ),
]


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, str]]:
    """By file, the lines that mypy finds fault with, and what it says."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "sound.py").write_text(HEAD + SOUND)
    (folder / "wrong.py").write_text(HEAD + WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "sound.py", "wrong.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"^(\S+?):(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    return {file: {int(line): text for name, line, text in found if name == file} for file in ("sound.py", "wrong.py")}


def test_what_the_readme_shows_has_types(errors: dict[str, dict[int, str]]) -> None:
    assert errors["sound.py"] == {}


def test_what_is_wrong_is_seen_in_every_line(errors: dict[str, dict[int, str]]) -> None:
    first = HEAD.count("\n") + 3
    assert sorted(errors["wrong.py"]) == [*range(first, first + WRONG.count("\n") - 2)]


def test_a_type_checker_is_told_that_there_are_types() -> None:
    assert (Path(str(extremum.__file__)).parent / "py.typed").exists()
