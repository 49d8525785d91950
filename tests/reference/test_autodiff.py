"""Gradients by automatic differentiation as subjects: the table, their names, and the audit of those installed."""

from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nightly import NIGHTLY
from shared_cells import judge_cell

from extremum.properties.engine import Settings
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import introduce, resolve
from extremum.reference.errors import UsageError
from extremum.reference.subjects import subject as registry
from extremum.reference.subjects.autodiff import DEFECTS, ROWS, TOOLS, Function, Tool
from extremum.reference.subjects.subject import Subject, named, subjects
from extremum.reports.views.script import script


def installed(tool: Tool) -> bool:
    return importlib.util.find_spec(tool.module.partition(".")[0]) is not None


def differences(f: Function, x: Any, g: Any) -> Any:
    """Exact for what is at most quadratic, at integers."""
    steps = np.eye(len(x))
    return np.array([(np.sum(f(x + e) * (1 if g is None else g)) - np.sum(f(x - e))) / 2 for e in steps])


BY_DIFFERENCES = Tool("differences", "numpy", "numpy", differences, lambda x: 3 * x, lambda x, axis: x.sum(axis))
SETTINGS = Settings(examples=4, seed=1)
AUDITED = [
    pytest.param(
        f"{tool.name}:{method}",
        dtype,
        marks=pytest.mark.skipif(not installed(tool), reason=f"{tool.module.partition('.')[0]} is not installed"),
    )
    for tool in TOOLS
    if not tool.slow
    for method, _, _ in ROWS
    for dtype in (("float64", "float32") if NIGHTLY else ("float64",))
]


@pytest.mark.parametrize(("method", "role", "axis"), ROWS, ids=[m for m, _, _ in ROWS])
def test_a_method_takes_the_arguments_of_its_role(method: str, role: str, axis: str | None) -> None:
    taken = list(inspect.signature(getattr(BY_DIFFERENCES, method)).parameters)
    assert taken == [*role_named(role).signature.inputs, *([axis] if axis else [])]


@pytest.mark.parametrize(("tool", "method"), DEFECTS)
def test_a_defect_is_declared_of_a_gradient_and_its_properties(tool: str, method: str) -> None:
    role = role_named(next(role for name, role, _ in ROWS if name == method))
    declared = DEFECTS[tool, method]
    assert tool in [t.name for t in TOOLS]
    assert {p for part in declared.values() for p in part} <= {p.name for p in role.properties}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda t: t.name)
def test_a_tool_is_among_the_subjects_where_its_library_is_installed(tool: Tool) -> None:
    found = {s.name: s for s in subjects(kind="library") if s.name.startswith(f"{tool.name}:")}
    assert set(found) == ({f"{tool.name}:{method}" for method, _, _ in ROWS} if installed(tool) else set())
    assert all(s.dtypes == tool.dtypes and s.slow == tool.slow for s in found.values())


def test_the_functions_are_those_whose_gradients_are_the_roles() -> None:
    A, B = np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    x, c = np.array([1.0, 1.0]), np.array([1.0, 0.0, -1.0])
    tool = BY_DIFFERENCES
    assert tool.inner_product(x * 5, x).tolist() == [5, 5]
    assert tool.quadratic_form(A, x).tolist() == [1, 1]
    assert tool.squared_norm(B, x).tolist() == (2 * B.T @ (B @ x)).tolist()
    assert tool.least_squares(B, x, c).tolist() == (2 * B.T @ (B @ x - c)).tolist()
    assert tool.softmax(x, x).tolist() == [3, 3]
    assert tool.logsumexp(x).tolist() == [1, 1]


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Subject:
    made = Subject(
        "no-such-tool:inner_product", "inner_product_gradient", BY_DIFFERENCES.inner_product, "library", None
    )
    monkeypatch.setitem(registry._registered, (made.role, made.name), made)
    return made


def test_a_registered_name_with_a_colon_is_no_module(registered: Subject) -> None:
    assert resolve(registered.name, None) == [registered]
    assert resolve(registered.name, registered.role) == [registered]
    with pytest.raises(UsageError, match="is one of role inner_product_gradient"):
        resolve(registered.name, "softmax")
    with pytest.raises(UsageError, match="not installed"):
        resolve("no-such-tool:quadratic_form", None)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "dtype"), AUDITED)
def test_an_installed_gradient_fails_what_is_known_of_it_and_nothing_else(name: str, dtype: str) -> None:
    (subject,) = named(name, None)
    tool, _, method = name.partition(":")
    known = DEFECTS.get((tool, method), {})
    always = {prop for prop, dtypes in known.get("fails", {}).items() if dtype in dtypes}
    cells = [
        judge_cell(subject, role, prop, dtype, SETTINGS)
        for role in [role_named(subject.role)]
        for prop in role.properties
    ]
    found = {c.property for c in cells if c.found}
    assert always <= found
    assert found <= always | set(known.get("may", {})), [(c.property, c.detail) for c in cells if c.found]


@pytest.mark.slow
@pytest.mark.parametrize("tool", [t for t in TOOLS if not t.slow], ids=lambda t: t.name)
def test_the_script_of_a_finding_imports_the_gradient(tool: Tool, tmp_path: Path) -> None:
    if not installed(tool):
        pytest.skip(f"{tool.module} is not installed")
    (subject,) = named(f"{tool.name}:logsumexp", None)
    role = role_named("softmax")
    prop = role.property_named("sum_to_one")
    assert prop is not None
    cell = judge_cell(subject, role, prop, "float32", Settings(examples=4, seed=1))
    assert cell.simplest is not None
    (tmp_path / "again.py").write_text(script(cell, cell.simplest, introduce(subject)))
    command = [sys.executable, "-W", "ignore", "again.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("got ")
