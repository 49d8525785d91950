"""The folders are the data flow: imports point to earlier folders only, and no module imports itself by a detour."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from extremum.properties.roles.registry import roles

ROOT = Path(__file__).resolve().parents[2]
FLOW = {  # stage: its folders and loose modules, in the order in which they may import
    "reference": ["errors", "arithmetic", "truth", "subjects", "ROLES", "mutants", "descent"],
    "properties": [
        *("values", "inputs", "calling", "model", "laws", "roles", "steps", "answers", "diagnosis", "engine"),
        *("exhaustion", "onset", "contested", "descent", "claims", "test_roles"),
    ],
    "reports": [
        "record",
        "views",
        "report",
        "driving",
        "commands",
        "hooks",
        "plugin",
        "run",
        "assertions",
        "cli",
        "face",
    ],
}
LOOSE_IN_PROPERTIES = 4


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for stage in FLOW for path in (ROOT / stage).rglob("*.py")}


def imported(module: str) -> Iterator[str]:
    """The modules of the project that a module imports, those inside functions too, those for type checkers not."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} has a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        else:
            continue
        yield from filter(None, map(inside, names))


def inside(name: str) -> str:
    """The module of the project that `import name`, or `from` its parent, reaches; empty where it is another's."""
    if name.partition(".")[0] != "extremum":
        return ""
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in MODULES:
        parts.pop()
    return ".".join(parts) or "reports.face"  # which `extremum` itself is


def place(module: str) -> tuple[int, int]:
    """The stage of a module and its step within that stage: 0 of a stage itself."""
    stage, *rest = module.split(".")
    step = rest[0] if rest else ""
    if stage == "reference" and step in roles():
        step = "ROLES"
    return list(FLOW).index(stage), FLOW[stage].index(step) + 1 if step else 0


def against_the_flow(edges: Iterable[tuple[str, str]]) -> list[str]:
    """The imports of later folders. What a stage's own `__init__` hands on may stand anywhere in that stage."""
    found = []
    for module, name in edges:
        here, there = place(module), place(name)
        if here[0] < there[0] or (module not in FLOW and here < there):
            found.append(f"{module} imports {name}")
    return found


@pytest.mark.parametrize("stage", FLOW)
def test_every_folder_has_its_place_in_the_flow(stage: str) -> None:
    there = {m.split(".")[1] for m in MODULES if m.startswith(f"{stage}.")}
    listed = set(FLOW[stage])
    if stage == "reference":
        listed = (listed - {"ROLES"}) | {*roles()}
    assert there == listed


def test_imports_point_to_earlier_folders_only() -> None:
    edges = [(module, name) for module in MODULES for name in imported(module)]
    assert len(edges) > 500  # the test sees the imports
    assert against_the_flow(edges) == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("reference.softmax", "extremum.reports.audit"),
        ("reference.softmax", "extremum.reports"),
        ("reference.softmax", "extremum.audit"),
        ("properties.engine", "extremum"),
        ("properties.inputs.regimes", "extremum.properties.model.role.Role"),
        ("reports.views.html", "extremum.reports.driving.session"),
    ],
)
def test_an_import_against_the_flow_is_seen(module: str, name: str) -> None:
    assert against_the_flow([(module, inside(name))])


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module: set(imported(module)) for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_a_file_name_occurs_once_unless_it_is_a_role() -> None:
    names = Counter(
        path.stem
        for top in (*FLOW, "benchmarks", "tests")
        for path in (ROOT / top).rglob("*.py")
        if "zoo" not in path.parts
    )
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


def test_what_is_published_names_modules_that_exist() -> None:
    names = {
        name.rstrip(".")
        for path in (ROOT / "reports" / "published").rglob("report.*")
        if path.suffix != ".png"
        for name in re.findall(r"extremum\.(?:reference|properties|reports)[\w.]*", path.read_text(encoding="utf-8"))
    }
    assert len(names) > 20
    assert {n for n in names if n.removeprefix("extremum.") not in MODULES and n != "extremum.reports.audit"} == set()
