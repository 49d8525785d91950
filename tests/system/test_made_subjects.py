"""What is called of a class is an instance, and `--wrap` calls a function on the subject first: told, and kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import definition_of, introduce
from extremum.properties.steps.trial import Wish, tried
from extremum.reference.errors import UsageError
from extremum.reference.subjects.loading import wrapping

KERNELS = """
import numpy as np


class Naive:
    def __call__(self, x, axis=-1):
        e = np.exp(x)
        return e / e.sum(axis=axis, keepdims=True)


class Module:  # as torch has them: a call takes anything, forward has the signature
    def __call__(self, *arguments, **keywords):
        return self.forward(*arguments, **keywords)

    def forward(self, x, dim=-1):
        return Naive()(x, dim)


class Sized:
    def __init__(self, size):
        self.size = size


def naive(x, axis=-1):
    return Naive()(x, axis)


def shifted(function):
    def called(x, axis=-1):
        return function(x - x.max(axis=axis, keepdims=True), axis=axis)

    return called


def raising(function):
    raise ValueError("no compiler")


def number(function):
    return 3
"""
ROLE = role_named("softmax")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "kernels.py").write_text(KERNELS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "axis", "line"), [("Naive", "axis", 6), ("Module", "dim", 15)])
def test_a_class_is_made_and_its_instance_called(folder: Path, name: str, axis: str, line: int) -> None:
    subject = tried(f"kernels.py:{name}", ROLE, Wish(dtypes=["float32"]))
    assert (subject.axis, subject.unfit, subject.misfit) == (axis, {}, "")
    assert definition_of(subject) == (str(folder / "kernels.py"), line)
    assert f"{name}(x, {axis}=-1) at kernels.py:{line}" in introduce(subject)["line"]


@pytest.mark.parametrize(
    ("word", "wrap", "said"),
    [
        ("Sized", None, "subject='kernels.py:Sized' is a class, which is made without arguments: TypeError"),
        ("naive", "kernels.py:raising", "wrap='kernels.py:raising' of 'kernels.py:naive' raises ValueError: no comp"),
        (
            "naive",
            "kernels.py:number",
            "wrap='kernels.py:number' of 'kernels.py:naive' gives int, not what is",
        ),
        ("naive", "kernels.py:shfted", "wrap='kernels.py:shfted': kernels.py has no 'shfted': did you mean 'shifted'?"),
        ("naive", "no_such_library.jit", "wrap module 'no_such_library' is not installed and not on the path"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_made_is_a_line_that_names_it(word: str, wrap: str | None, said: str) -> None:
    with pytest.raises(UsageError) as told:
        tried(f"kernels.py:{word}", ROLE, Wish(dtypes=["float32"], wrap=wrap))
    assert str(told.value).startswith(said)


def test_a_compiler_is_told_what_it_needs() -> None:
    def softmax(x: object, dim: int = -1) -> object:
        return x

    assert wrapping("jax.jit", softmax) == {"static_argnames": ["dim"]}  # no function computes along a traced axis
    assert wrapping("jax.jit", len) == wrapping("kernels.py:shifted", softmax) == {}


def audit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).parent / "extremum"),
        "audit",
        *words,
        "--role",
        "softmax",
        "--dtype",
        "float32",
    ]
    few = ["--property", "finite", "--effort", "quick", "-n", "0"]
    return subprocess.run([*command, *few], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_wrapped_it_is_another_function_and_its_script_makes_it_too(folder: Path) -> None:
    sound = audit(folder, "kernels.py:naive", "--wrap", "kernels.py:shifted")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "wrapped by kernels.py:shifted" in sound.stdout
    (folder / "kernels.py").write_text(KERNELS.replace("x - x.max(axis=axis, keepdims=True)", "x"))
    broken = audit(folder, "kernels.py:Naive", "--wrap", "kernels.py:shifted")
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "--wrap kernels.py:shifted" in broken.stdout.partition("again")[2]
    (script,) = (folder / "extremum-report/scripts").glob("*.py")
    assert "subject = shifted(Naive())" in script.read_text()
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    for text, code in ((None, 1), (KERNELS, 0)):
        if text is not None:
            (folder / "kernels.py").write_text(text)
        done = subprocess.run([sys.executable, script], cwd=elsewhere, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
    (named,) = json.loads((folder / "extremum-report/report.json").read_text())["environment"]["named"]
    assert (named["instance"], named["wrap"]) == ("yes", "kernels.py:shifted")
