"""The folders are the data flow: imports point to earlier folders only, and no module imports itself by a detour."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from extremum.properties.roles.registry import roles

ROOT = Path(__file__).resolve().parents[2]
FLOW = {  # stage: its folders and loose modules, in the order in which they may import
    "reference": ["errors", "arithmetic", "truth", "subjects", "ROLES", "mutants", "descent"],
    "properties": [
        *("values", "inputs", "calling", "model", "laws", "roles", "steps", "diagnosis", "engine"),
        *("exhaustion", "onset", "contested", "descent", "claims", "test_roles"),
    ],
    "reports": ["record", "views", "report", "driving", "commands", "hooks", "plugin", "run", "cli", "face"],
}
LOOSE_IN_PROPERTIES = 4


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for stage in FLOW for path in (ROOT / stage).rglob("*.py")}


def imported(path: Path) -> Iterator[str]:
    """The modules of the project that a file imports, those inside functions too, those for type checkers not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            inner = name.removeprefix("extremum.")
            if inner != name:
                yield inner if inner in MODULES else inner.rpartition(".")[0]


def place(module: str) -> tuple[int, int]:
    """The stage of a module and its step within that stage."""
    stage, *rest = module.split(".")
    step = rest[0] if rest else ""
    steps = FLOW[stage]
    if stage == "reference" and step in roles():
        step = "ROLES"
    return list(FLOW).index(stage), steps.index(step) if step else 0


@pytest.mark.parametrize("stage", FLOW)
def test_every_folder_has_its_place_in_the_flow(stage: str) -> None:
    there = {m.split(".")[1] for m in MODULES if m.startswith(f"{stage}.")}
    listed = set(FLOW[stage])
    if stage == "reference":
        listed = (listed - {"ROLES"}) | set(roles())
    assert there == listed


def test_imports_point_to_earlier_folders_only() -> None:
    packages = set(FLOW)
    edges = [(a, b) for a, path in MODULES.items() for b in imported(path) if a not in packages and b not in packages]
    assert len(edges) > 500  # the test sees the imports
    assert [f"{a} imports {b}" for a, b in edges if place(a) < place(b)] == []


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module: set(imported(path)) & set(MODULES) for module, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_a_file_name_occurs_once_unless_it_is_a_role() -> None:
    names = Counter(path.stem for top in (*FLOW, "benchmarks", "tests") for path in (ROOT / top).rglob("*.py"))
    assert {n for n, count in names.items() if count > 1} <= {"__init__", *roles()}


def test_few_modules_stand_loose_in_properties() -> None:
    assert len(list((ROOT / "properties").glob("*.py"))) <= LOOSE_IN_PROPERTIES


def test_every_package_says_what_it_holds() -> None:
    packages = [path for path in MODULES.values() if path.name == "__init__.py"]
    assert [str(p) for p in packages if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))] == []
    folders = {path.parent for path in MODULES.values()}
    assert [str(f) for f in folders if not (f / "__init__.py").exists()] == []


def test_the_plugin_imports_neither_numpy_nor_hypothesis(tmp_path: Path) -> None:
    code = "import sys, extremum.reports.plugin; print([m for m in ('numpy', 'hypothesis') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == "[]"
