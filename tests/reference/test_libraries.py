"""Which libraries are usable is found by importing them, each in a process of its own, and said with what to do."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from extremum.reference.subjects import libraries
from extremum.reference.subjects.libraries import EXTRAS, LIBRARIES, ROWS, Library

ROOT = Path(__file__).resolve().parents[2]


def test_every_library_of_a_row_is_told_of_and_has_an_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {row[0].partition("-")[0] for row in ROWS} <= set(LIBRARIES)
    for name in LIBRARIES:
        extra = EXTRAS.get(name, name)
        assert any(line.startswith((name, extra)) for line in extras[extra])


def test_why_a_library_is_not_usable_is_its_import_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch.so: cannot open shared object file')\n")
    (tmp_path / "jax.py").write_text("import os; os._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(libraries, "LIBRARIES", ("torch", "jax", "numpy", "no_such_library"))
    told = {library.name: library.line for library in libraries.libraries()}
    error = "ImportError: libtorch.so: cannot open shared object file"
    assert told["torch"] == f"not usable: {error}; pip install 'extremum[torch]'"
    assert told["jax"] == "not usable: its import ends the process with 3; pip install 'extremum[jax]'"
    assert told["numpy"].startswith("usable, 2.")
    assert "ModuleNotFoundError: No module named 'no_such_library'" in told["no_such_library"]
    assert not {"torch", "jax"} & set(sys.modules)


def test_an_extra_may_be_called_otherwise_than_its_library() -> None:
    assert Library("onnxruntime", why="it is not there").line.endswith("pip install 'extremum[onnx]'")
