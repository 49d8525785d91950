"""`extremum init`: settings, a test and a workflow in a reader's repository, for functions that are named for a role.

The repository is read, and nothing of it imported.
"""

from __future__ import annotations

import ast
import json
import os
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from extremum.properties.model.role import Role
from extremum.properties.roles.registry import role_of
from extremum.properties.steps.parameters import GRADIENT_OF
from extremum.reference.errors import UsageError
from extremum.reports.driving.settings import NAME, SUBJECTS, TABLE
from extremum.reports.record.files import write_all
from extremum.reports.record.numbers import number_of
from extremum.reports.views.summary import print_line

TEST = Path("tests/test_extremum.py")
WORKFLOW = Path(".github/workflows/extremum.yml")
FOREIGN = ("__pycache__", "build", "dist", "node_modules", "site-packages", "test", "tests")  # folders not looked into
ENVIRONMENT = "pyvenv.cfg"  # what a folder with a virtual environment has

TEST_TEXT = '''"""What is in [tool.extremum.subjects] of pyproject.toml passes its audit."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_audit_finds_nothing(tmp_path):
    command = [sys.executable, "-m", "extremum", "audit", "--report-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
'''
WORKFLOW_TEXT = """name: extremum
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  audit:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: python -m pip install {installed}
      - run: extremum audit --format github
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: extremum-report
          path: extremum-report
"""


@dataclass(frozen=True)
class Search:
    """What was found in a repository: subjects and their roles, and lines about what was left out."""

    subjects: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    files: int = 0


def run_init(folder: Path, dry_run: bool, console: Console) -> int:
    """Write what is missing, or with `dry_run` only say it; return the exit code."""
    search = search_in(folder)
    texts: dict[Path, str] = {}
    said = [number_of(search.files, "file") + " of Python read, none imported"]
    said += [f"found {word}: role {role}" for word, role in search.subjects.items()]
    said += search.left_out
    if not search.subjects:
        said.append(f"no function is named for a role: name yours in [{TABLE}.{SUBJECTS}]; until then an audit exits 5")
    settings = folder / NAME
    before = _text_of(settings)
    if _has_table(before, settings):
        said.append(f"{NAME} has [{TABLE}] already: left as it is")
    else:
        texts[settings] = _with_table(before, search.subjects, settings)
    for path, text in ((TEST, TEST_TEXT), (WORKFLOW, WORKFLOW_TEXT.format(installed=_installed(folder, before)))):
        if (folder / path).exists():
            said.append(f"{path} exists: left as it is")
        else:
            texts[folder / path] = text
    for line in said:
        print_line(console, escape(line))
    for path in texts:
        verb = "add to" if path == settings and before else "write"
        print_line(console, escape(f"{'would ' if dry_run else ''}{verb} {path.relative_to(folder)}"))
    if dry_run:
        print_line(console, escape(texts.get(settings, "")[len(before) :].strip("\n")))
        return 0
    try:
        write_all(texts)
    except OSError as error:
        raise UsageError(f"{error.filename or folder} cannot be written: {error.strerror or error}") from None
    print_line(console, "next: extremum audit")
    return 0


def search_in(folder: Path) -> Search:
    """The functions at the top level of the modules below a folder whose names have a role's in them."""
    subjects: dict[str, str] = {}
    left_out: list[str] = []
    files = 0
    for file in _modules(folder):
        place = file.relative_to(folder).as_posix()
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
            left_out.append(f"left out {place}: it is not Python: {type(error).__name__}")
            continue
        files += 1
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            word = f"{place}:{node.name}"
            try:
                role = role_of(node.name, word)
            except UsageError:
                continue  # its name is not one role's, or tells of more than that
            if role.name == GRADIENT_OF:
                left_out.append(f"left out {word}: name with of = what it is the gradient of")
            elif _takes(node.args, role):
                subjects[word] = role.name
            else:
                left_out.append(f"left out {word}: it does not take the arguments of {role.call}")
    return Search(subjects, left_out, files)


def _modules(folder: Path) -> Iterator[Path]:
    """The modules below a folder in the order of their names, but those of tests and of others."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in FOREIGN and not (Path(place) / name / ENVIRONMENT).exists()
        )
        for name in sorted(files):
            stem = name.removesuffix(".py")
            if stem != name and not stem.startswith("test_") and not stem.endswith("_test") and stem != "conftest":
                yield Path(place) / name


def _takes(parameters: ast.arguments, role: Role) -> bool:
    """Whether the role's arguments fit the parameters, by position."""
    known = [*parameters.posonlyargs, *parameters.args]
    needed = len(known) - len(parameters.defaults)
    keywords = any(default is None for default in parameters.kw_defaults)
    count = len(role.signature.inputs)
    return needed <= count <= (count if parameters.vararg else len(known)) and not keywords


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise UsageError(f"{path.name} cannot be read: {error}") from None


def _has_table(text: str, path: Path) -> bool:
    try:
        tool = tomllib.loads(text).get("tool", {})
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path.name} is not TOML: {error}") from None
    return isinstance(tool, dict) and "extremum" in tool


def _with_table(before: str, subjects: dict[str, str], path: Path) -> str:
    """The text of the file with the settings at its end."""
    rows = [f'{json.dumps(word, ensure_ascii=False)} = {{ role = "{role}" }}' for word, role in subjects.items()]
    example = ['# "package/module.py:function" = { role = "softmax" }'] if not rows else []
    lines = [f"[{TABLE}]", '# Any option of `extremum audit`, as dtypes = ["float32"] or budget = "10m".', ""]
    table = "\n".join([*lines, f"[{TABLE}.{SUBJECTS}]", *rows, *example, ""])
    text = f"{before.rstrip()}\n\n{table}" if before.strip() else table
    try:
        tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{path.name}: [{TABLE}] cannot be added at its end: {error}") from None
    return text


def _installed(folder: Path, settings: str) -> str:
    """What a workflow installs: extremum, and what the repository says that it needs."""
    words: Sequence[str] = ["extremum"]
    if "project" in tomllib.loads(settings) or (folder / "setup.py").exists():
        words = [".", *words]
    if (folder / "requirements.txt").exists():
        words = ["-r requirements.txt", *words]
    return " ".join(words)
