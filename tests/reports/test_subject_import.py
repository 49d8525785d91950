"""How a script or a test imports a subject: under a name that nothing else has, made as the audit made it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from extremum.properties.roles.registry import role_named
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.values.finding import Cell, Witness
from extremum.reports.views.pytest_file import Found, pytest_file
from extremum.reports.views.script import script
from extremum.reports.views.subject_import import imported

X = {"dtype": "float32", "shape": [1, 1], "layout": "C", "values": [(89.0).hex()]}
WITNESS = Witness({"x": X}, "", 1.0, 0.0, "nan", "1.0", [0, 0])
NAIVE = """
import numpy as np


def {name}(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


class Kernel:
    def __call__(self, x, axis=-1):
        return {name}(x, axis)
"""


@pytest.mark.parametrize("name", ["abs", "print", "float", "expected", "got", "f", "x", "np", "sys", "subject"])
def test_a_script_calls_a_subject_whatever_its_name_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "k.py").write_text(
        NAIVE.format(name=name).replace("import numpy as np", "import numpy as n").replace("np.", "n.")
    )
    place = {"word": f"k.py:{name}", "folder": str(tmp_path)}
    text = script(
        Cell(f"k.py:{name}", "softmax", "finite", "EX101", "float32", "refuted"), WITNESS, {"axis": "axis"}, place
    )
    (tmp_path / "again.py").write_text(text)
    done = subprocess.run([sys.executable, "again.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, text
    assert "AssertionError" in done.stderr, done.stderr


def test_what_a_wrapper_makes_is_made_once_and_both_folders_are_on_the_path(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    place = {"word": "one/k.py:f", "folder": str(tmp_path), "wrap": "other/w.py:f", "instance": "yes"}
    source = imported("softmax", "k.py:f", place, {"f"})
    assert source.folders == (tmp_path / "one", tmp_path / "other")
    assert source.lines == (
        "from k import f as subject",
        "from w import f as subject_2",
        "subject_3 = subject_2(subject())",
    )
    assert source.expression == "subject_3"
    jitted = imported("softmax", "k.py:f", {"word": "k:f", "wrap": "jax.jit"})
    assert jitted.lines == ("from k import f", "from jax import jit", "subject = jit(f)")
    static = imported("softmax", "k.py:f", {"word": "k:f", "wrap": "jax.jit", "static": "axis"})
    assert static.lines[-1] == "subject = jit(f, static_argnames='axis')"


def test_a_file_of_tests_names_every_subject_once_and_calls_an_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(NAIVE.format(name="answer"))
    (tmp_path / "j.py").write_text(NAIVE.format(name="answer"))
    role, found = role_named("softmax"), []
    for word in ("k.py:answer", "j.py:answer", "k.py:Kernel", "k.py:answer"):
        subject = tried(word, role, Wish(dtypes=["float32"]))
        for prop in ("finite", "accuracy"):
            found.append(
                Found(Cell(word, "softmax", prop, "EX101", "float32", "refuted"), "simplest", WITNESS, subject, word)
            )
    text = pytest_file(found, "report'\"\\.json", tmp_path / "test_found.py")
    imports = [line for line in text.splitlines() if line.startswith(("from k", "from j", "subject"))]
    assert imports == [
        "from k import answer as subject",
        "from j import answer as subject_2",
        "from k import Kernel",
        "subject_3 = Kernel()",
    ]
    ast.parse(text)
    (tmp_path / "test_found.py").write_text(text)
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_found.py"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "3 failed" in done.stdout, done.stdout
    for name in ("k", "j"):
        sound = NAIVE.format(name="answer").replace("np.exp(x)", "np.exp(x - x.max(axis=axis, keepdims=True))")
        (tmp_path / f"{name}.py").write_text(sound)
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "3 passed" in done.stdout, done.stdout
