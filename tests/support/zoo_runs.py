"""The zoo of hostile subjects: each kind audited by the command, with its sound neighbour in the same run.

A kind is a file of `tests/system/zoo`. Its `VERDICTS`, by property, are read as text: nobody imports it but its host.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from extremum.reports.record.reading import read_report

ZOO = Path(__file__).parents[1] / "system" / "zoo"
NEIGHBOUR = "sound"
TOGETHER = 8  # kinds in one audit
OPTIONS = (
    *("--role", "softmax", "--dtype", "float32", "--regime", "ordinary", "--examples", "0", "--memory", "500MB"),
    *("--effort", "quick"),
    *("--import-timeout", "6s", "--first-call-timeout", "6s", "--report-dir", "report"),
)
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
REPORT = {"report.json", "report.md", "report.html", "report.sarif"}

Cell = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind: what is wrong with it, and the verdict that each property has on it.

    `wanted` are verdicts that would be better, where those are not what they should be. `options` are of its audit.
    """

    name: str
    meaning: str
    verdicts: Mapping[str, str]
    wanted: Mapping[str, str]
    options: Sequence[str]

    @property
    def audit(self) -> tuple[list[str], list[str]]:
        """The options and the properties of its audit: kinds that have the same may be audited together."""
        return list(self.options), sorted(self.verdicts)


@dataclass(frozen=True)
class Run:
    """One audit of some kinds and their neighbour: its exit code, what it said, its cells, and what it left behind."""

    code: int
    said: str
    cells: Mapping[str, Sequence[Cell]]
    reports: frozenset[str]
    left: Sequence[str]

    def verdicts(self, name: str) -> dict[str, str]:
        """The verdicts of one kind, by property."""
        return {cell["property"]: cell["verdict"] for cell in self.cells.get(name, ())}


def kinds() -> list[Kind]:
    """All kinds but the neighbour, those that may be audited together next to each other."""
    return sorted(
        (_kind(path) for path in ZOO.glob("*.py") if path.stem != NEIGHBOUR),
        key=lambda kind: (kind.audit, kind.name),
    )


def groups(of: Sequence[Kind]) -> list[list[Kind]]:
    """The kinds that are audited together: with the same options and properties, and not too many."""
    same = (list(rows) for _, rows in groupby(of, key=lambda kind: kind.audit))
    return [rows[at : at + TOGETHER] for rows in same for at in range(0, len(rows), TOGETHER)]


def _kind(path: Path) -> Kind:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    data = {
        line.targets[0].id: ast.literal_eval(line.value)
        for line in tree.body
        if isinstance(line, ast.Assign)
        and isinstance(line.targets[0], ast.Name)
        and line.targets[0].id in ("VERDICTS", "WANTED", "OPTIONS")
    }
    meaning = ast.get_docstring(tree) or ""
    return Kind(path.stem, meaning, data["VERDICTS"], data.get("WANTED", {}), data.get("OPTIONS", ()))


def audit(folder: Path, group: Sequence[Kind], workers: str = "0", properties: Sequence[str] = ()) -> Run:
    """An audit of kinds of one group and their neighbour, in a folder that they may spoil; or of it alone."""
    shutil.copytree(ZOO, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "temporary").mkdir(exist_ok=True)
    mark = str(uuid.uuid4())
    environment = os.environ | {"TMPDIR": str(folder / "temporary"), "ZOO_RUN": mark}
    subjects = [f"{name}.py:softmax" for name in (*(kind.name for kind in group), NEIGHBOUR)]
    options, asked = group[0].audit if group else ([], properties)
    command = [str(Path(sys.executable).parent / "extremum"), "audit", *subjects, *OPTIONS, *options]
    done = subprocess.run(
        [*command, "--property", ",".join(asked), "-n", workers],
        cwd=folder,
        capture_output=True,
        check=False,
        env=environment,
    )
    said = (done.stdout + done.stderr).decode(errors="surrogateescape")
    report = folder / "report"
    record = report / "report.json"
    rows = [cell.to_json() for cell in read_report(record).cells] if record.exists() else []
    cells: dict[str, list[Cell]] = {}
    for row in rows:
        cells.setdefault(row["subject"].removesuffix(".py:softmax"), []).append(row)
    names = {place.name for place in report.iterdir()} if report.is_dir() else set()
    reports = frozenset(names - {"scripts"})  # one for each finding
    return Run(done.returncode, said, cells, reports, [*alive(mark), *_temporary(folder)])


def untimed(cells: Sequence[Cell]) -> dict[str, Cell]:
    """Cells by property, without the seconds that they took."""
    return {cell["property"]: {name: value for name, value in cell.items() if name != "seconds"} for cell in cells}


def alive(mark: str) -> list[str]:
    """The processes that were started in the environment of a run and go on, whatever their session."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def _temporary(folder: Path) -> list[str]:
    return sorted(place.name for place in (folder / "temporary").iterdir())
