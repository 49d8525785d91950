from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from shared_cells import judge_cell

from extremum.properties.engine import Settings
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.blocks import entries_of
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import shifted
from extremum.reference.subjects.subject import Subject
from extremum.reports import audit
from extremum.reports.driving.request import Request, scheduled, tasks

ROLE = role_named("softmax")
NO_TIME = 1e-9  # seconds
UNREACHED = "the budget ended before this cell began"


def order(budget: float | None) -> list[int]:
    request = Request(budget=budget)
    rows = scheduled(tasks(request, [Subject("it", "softmax", shifted)]), request)
    return [entries_of(ROLE, task.property, request.seed) for task in rows]


def test_within_a_budget_the_cheapest_cells_are_first() -> None:
    costs = order(5.0)
    assert costs == sorted(costs)
    assert costs[0] * 100 < costs[-1]
    assert order(None) != costs


@pytest.mark.parametrize("dtypes", [["float32"], ["float8_e4m3fn", "float32"]])  # the first cell may be inapplicable
def test_one_cell_has_a_verdict_whatever_the_budget_and_the_others_say_why_not(dtypes: list[str]) -> None:
    report = audit(shifted, "softmax", dtypes, properties=["mask", "finite", "accuracy"], budget=NO_TIME)
    verdicts = {(c.property, c.dtype): c.verdict for c in report.cells}
    assert list(verdicts) == [(p, d) for d in dtypes for p in ("finite", "accuracy", "mask")]
    assert verdicts["mask", "float32"] == "held"
    unreached = [c for c in report.cells if c.verdict == "incomplete"]
    assert {c.detail for c in unreached} == {UNREACHED}
    assert {c.property for c in unreached} == {"finite", "accuracy"}
    assert report.exit_code == 0


def test_a_call_that_does_not_return_ends_with_the_budget_and_is_not_called_hung() -> None:
    def sleeps(x: Array, axis: int = -1) -> Any:
        time.sleep(1000 if x.shape[axis] > 8 else 0)
        return shifted(x, axis)

    settings = Settings(timeout=1000.0, deadline=time.monotonic() + 1.0)
    prop = ROLE.property_named("permutation_equivariance")
    assert prop is not None
    cell = judge_cell(Subject("it", "softmax", sleeps), ROLE, prop, "float32", settings)
    assert (cell.verdict, cell.detail) == ("incomplete", "the budget ended")


@pytest.mark.parametrize("workers", ["auto", "2"])
def test_the_command_has_a_verdict_within_the_smallest_budget(tmp_path: Path, workers: str) -> None:
    (tmp_path / "mine.py").write_text("from extremum.reference.softmax import shifted as softmax\n")
    words = ["mine.py:softmax", "--dtype", "float32", "--budget", "0.001", "--json", "out.json", "-n", workers]
    command = [sys.executable, "-m", "extremum", "audit", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    cells = json.loads((tmp_path / "out.json").read_text())["cells"]
    judged = [c for c in cells if c["verdict"] == "held"]
    assert 1 <= len(judged) <= 2  # one of each process
    assert {c["detail"] for c in cells if c not in judged} == {UNREACHED}
