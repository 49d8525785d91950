"""Proofs by the drivers that have no workers for them: Python and pytest."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from extremum.properties.exhaustion import proof
from extremum.properties.exhaustion import scan as exhaustive
from extremum.properties.exhaustion.proof import PART_ROWS
from extremum.reference.arithmetic.formats import Array
from extremum.reference.errors import UsageError
from extremum.reference.softmax import naive, shifted
from extremum.reports import audit
from extremum.reports.cli import main
from extremum.reports.record.reading import read_report

pytest_plugins = ["pytester"]


def of_command(folder: Path, *words: str) -> dict[tuple[str, str], dict[str, Any]]:
    record = folder / "out.json"
    CliRunner().invoke(main, ["audit", *words, "--report-dir", str(folder), "--json", str(record)])
    return {(c.property, c.dtype): c.to_json() for c in read_report(record).cells}


@pytest.mark.parametrize("function", [shifted, naive])
def test_python_proves_what_the_command_proves(tmp_path: Path, function: Callable[..., Array]) -> None:
    expected = of_command(
        tmp_path, function.__name__, "--role", "softmax", "--exhaustive", "gaps", "--dtype", "float16"
    )
    report = audit(function, role="softmax", dtypes=["float16"], exhaustive="gaps")
    assert {c.verdict for c in report.cells} <= {"proved", "refuted"}
    assert len(report.cells) == len(expected)
    for cell in report.cells:
        other = expected[cell.property, cell.dtype]
        for name in ("verdict", "measured", "allowed", "detail", "examined", "regimes", "grade", "cause"):
            assert cell.to_json().get(name) == other.get(name), (cell.property, name)
    assert report.exit_code == (1 if function is naive else 0)  # as a function of the user's it declares nothing


@pytest.mark.slow
def test_pytest_proves_with_workers(pytester: pytest.Pytester, tmp_path: Path) -> None:
    words = ("--subject", "shifted", "--role", "softmax", "--exhaustive", "gaps", "--property", "finite,accuracy")
    done = pytester.runpytest_subprocess(*words, "--json", "out.json", "-n", "2", "-q")
    assert done.ret == 0
    cells = json.loads((Path(pytester.path) / "out.json").read_text())["cells"]
    assert {(c["property"], c["dtype"], c["verdict"]) for c in cells} == {
        (prop, dtype, "proved") for prop in ("finite", "accuracy") for dtype in ("float16", "bfloat16")
    }
    assert pytester.runpytest_subprocess(*words, "--dtype", "float64").ret == 4


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"exhaustive": "gap"}, "exhaustive='gap' is no domain: did you mean 'gaps'"),
        ({"exhaustive": "gaps", "regimes": ["ties"]}, "regime=.* goes with a search"),
        ({"exhaustive": "gaps", "dtypes": ["float64"]}, "float64 has too many"),
        ({"exhaustive": "pairs", "dtypes": ["float32"]}, "float32 has too many"),
        ({"exhaustive": "gaps", "properties": ["shift_invariance"]}, "is not decided by one row"),
    ],
)
def test_what_can_not_be_proved_is_said_in_one_line(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        audit(shifted, role="softmax", **options)


def test_a_call_that_does_not_return_hangs_its_cells() -> None:
    def endless(x: Array, axis: int = -1) -> Array:
        time.sleep(60 if (x == 5).any() else 0)
        return shifted(x, axis)

    (cell,) = audit(endless, "softmax", ["float16"], exhaustive="gaps", properties=["finite"], cell_timeout=1.0).cells
    assert cell.verdict == "hung"


@pytest.mark.parametrize(("function", "verdict"), [(naive, "refuted"), (shifted, "incomplete")])
def test_what_was_refuted_before_the_limit_stays_refuted(
    monkeypatch: pytest.MonkeyPatch, function: Callable[..., Array], verdict: str
) -> None:
    monkeypatch.setattr(proof, "PART_ROWS", 2**13)

    def slow(x: Array, axis: int = -1) -> Array:
        if (x > 600).any() and len(x) > 1:
            time.sleep(0.3)
        return function(x, axis)

    monkeypatch.setattr(exhaustive.scan, "__defaults__", (2**9, None))
    (cell,) = audit(slow, "softmax", ["float16"], exhaustive="gaps", properties=["finite"], cell_timeout=1.0).cells
    assert cell.verdict == verdict
    assert cell.examined == 3 * 2**13
    assert verdict == "refuted" or "24,576 rows were scanned: the limit of 1 s" in cell.detail


def test_a_budget_that_has_ended_proves_nothing() -> None:
    (cell,) = audit(shifted, "softmax", ["float16"], exhaustive="gaps", properties=["finite"], budget=1e-9).cells
    assert (cell.verdict, cell.examined) == ("incomplete", 0)


def test_a_domain_of_many_parts_is_scanned_once_for_all_properties() -> None:
    rows = []

    def counted(x: Array, axis: int = -1) -> Array:
        rows.append(len(x))
        return shifted(x, axis)

    report = audit(counted, "softmax", ["float8_e5m2"], exhaustive="pairs")
    assert {c.verdict for c in report.cells} == {"proved"}
    size = report.cells[0].examined
    assert size <= sum(rows) < 2 * size
    assert size < PART_ROWS


@pytest.mark.parametrize("options", [{"examples": 0}, {"exhaustive": "gaps"}])
def test_what_another_audit_of_the_same_function_saw_counts_no_more(options: dict[str, Any]) -> None:
    lower = {"the maximum": True}

    def softmax(x: Array, axis: int = -1) -> Array:
        e = np.exp(x - x.max(axis=axis, keepdims=True) if lower["the maximum"] else x)
        return e / e.sum(axis=axis, keepdims=True)

    wanted: dict[str, Any] = {"role": "softmax", "dtypes": ["float16"], "properties": ["finite"], **options}
    assert audit(softmax, **wanted).cells[0].verdict in {"held", "proved"}
    lower["the maximum"] = False
    assert audit(softmax, **wanted).cells[0].verdict == "refuted"
