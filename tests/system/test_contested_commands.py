"""Contested semantics from the command line and under pytest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MINE = """
import ctypes
import numpy as np

def sound_softmax(x, axis=-1):
    wide = x.astype(np.float64)
    e = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)

def crashing_softmax(x, axis=-1):
    if x.dtype == np.int64:
        ctypes.string_at(0)
    return sound_softmax(x, axis)
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "HYPOTHESIS"))}
    command = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False, env=environment
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


@pytest.mark.slow
def test_a_subject_that_ends_its_process_there_costs_that_situation_alone(folder: Path) -> None:
    words = ("--dtype", "float32", "--examples", "1", "--json", "out.json", "-n", "1")
    done = run(folder, "extremum", "audit", "mine.py:crashing_softmax", "mine.py:sound_softmax", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((folder / "out.json").read_text())
    found = {(b["subject"], b["situation"]): b["behaviour"] for b in record["contested"]}
    assert found["mine.py:crashing_softmax", "nan"] == "NaN"
    assert found["mine.py:crashing_softmax", "integer"] == "ends the process"
    assert found["mine.py:crashing_softmax", "boolean"] == "bool 1 throughout"
    assert found["mine.py:sound_softmax", "integer"] == "int64 zeros"
    assert record["summary"]["crashed"] == 0


@pytest.mark.slow
def test_pytest_takes_a_convention_and_an_unknown_one_is_a_usage_error(folder: Path) -> None:
    words = ("--property", "finite", "--dtype", "float32", "-n", "0", "-q")
    subject = "mine.py:crashing_softmax"
    done = run(folder, "pytest", "--subject", subject, *words, "--convention", "nan=propagates,one-inf=limit")
    assert done.returncode == 1
    assert f"FAILED {subject}::one-inf=limit[float32]" in done.stdout
    assert "1 failed, 2 passed" in done.stdout
    wrong = run(folder, "extremum", "audit", subject, "--convention", "nan=propagate")
    assert wrong.returncode == 4
    assert len(wrong.stderr.strip().splitlines()) == 1
    assert "did you mean 'nan=propagates'" in wrong.stderr


@pytest.mark.slow
def test_a_role_of_the_users_own_is_characterised_too(folder: Path) -> None:
    (folder / "peak.py").write_text(PEAK)
    words = ("--role", "peak.py", "--dtype", "float32", "--examples", "1", "--json", "out.json", "-n", "1")
    done = run(folder, "extremum", "audit", "peak.py:my_peak", *words, "--convention", "nan=propagates")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((folder / "out.json").read_text())
    found = {b["situation"]: b["behaviour"] for b in record["contested"]}
    assert (found["nan"], found["one-inf"]) == ("NaN", "limit 1 throughout")
    assert {c["property"] for c in record["cells"]} == {"bounded", "nan=propagates"}


PEAK = """
import numpy as np
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.reference.truth import Truth

def my_peak(x, axis=-1):
    return np.tanh(np.zeros_like(x) + x.max(axis=axis, keepdims=True))

def bounded(view):
    '''No output exceeds one.

    Fix: none.
    '''
    return np.abs(view.answer), 1.0

ROLE = Role(
    name="peak",
    call="f(x, axis=-1)",
    value="tanh max x",
    truth=lambda arguments, arithmetic: Truth(arithmetic.lift(my_peak(arguments["x"]))),
    error_bound=lambda view: view.fmt.unit_roundoff,
    properties=(Property("bounded", "EX901", bounded, unit="value", exact=True),),
)
"""


def test_explain_and_properties_know_conventions(folder: Path) -> None:
    done = run(folder, "extremum", "explain", "EX802")
    assert "By convention, a row of -inf alone gives zeros." in done.stdout
    assert "where --convention fully-masked-row=zero names it" in " ".join(done.stdout.split())
    assert "fully-masked-row=zero" in run(folder, "extremum", "properties").stdout
