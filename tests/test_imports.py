"""The folders are the data flow, and imports point upstream only."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STAGES = ["reference", "properties", "reports"]
MODULES = [p for stage in STAGES for p in (ROOT / stage).rglob("*.py")]


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_nothing_downstream(module: Path) -> None:
    downstream = STAGES[STAGES.index(module.relative_to(ROOT).parts[0]) + 1 :]
    tree = ast.parse(module.read_text())
    imported = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    imported |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    assert not [name for name in imported for stage in downstream if name.startswith(f"extremum.{stage}")]


def test_the_plugin_imports_neither_numpy_nor_hypothesis(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, extremum.reports.plugin; print([m for m in ('numpy', 'hypothesis') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == "[]"


def test_every_package_is_installed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {p.parent.relative_to(ROOT) for stage in STAGES for p in (ROOT / stage).rglob("__init__.py")}
    assert {".".join(("extremum", *f.parts)) for f in folders} == set(settings["packages"])
