"""Proofs by the drivers that have no workers for them: Python and pytest."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from extremum.properties.exhaustion import proof
from extremum.properties.exhaustion import scan as exhaustive
from extremum.properties.exhaustion.proof import PART
from extremum.reference.errors import UsageError
from extremum.reference.softmax import naive, shifted
from extremum.reports import audit
from extremum.reports.cli import main

pytest_plugins = ["pytester"]


def of_command(folder, *words):
    record = folder / "out.json"
    CliRunner().invoke(main, ["audit", *words, "--report-dir", str(folder), "--json", str(record)])
    return {(c["property"], c["dtype"]): c for c in json.loads(record.read_text())["cells"]}


@pytest.mark.parametrize("function", [shifted, naive])
def test_python_proves_what_the_command_proves(tmp_path, function):
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


def test_pytest_proves_with_workers(pytester, tmp_path):
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
def test_what_can_not_be_proved_is_said_in_one_line(options, told):
    with pytest.raises(UsageError, match=told):
        audit(shifted, role="softmax", **options)


def test_a_call_that_does_not_return_hangs_its_cells():
    def endless(x, axis=-1):
        time.sleep(60 if (x == 5).any() else 0)
        return shifted(x, axis)

    (cell,) = audit(endless, "softmax", ["float16"], exhaustive="gaps", properties=["finite"], cell_timeout=1.0).cells
    assert cell.verdict == "hung"


@pytest.mark.parametrize(("function", "verdict"), [(naive, "refuted"), (shifted, "incomplete")])
def test_what_was_refuted_before_the_limit_stays_refuted(monkeypatch, function, verdict):
    monkeypatch.setattr(proof, "PART", 2**13)

    def slow(x, axis=-1):
        if (x > 600).any() and len(x) > 1:
            time.sleep(0.3)
        return function(x, axis)

    monkeypatch.setattr(exhaustive.scan, "__defaults__", (2**9, None))
    (cell,) = audit(slow, "softmax", ["float16"], exhaustive="gaps", properties=["finite"], cell_timeout=1.0).cells
    assert cell.verdict == verdict
    assert cell.examined == 3 * 2**13
    assert verdict == "refuted" or "24,576 rows were scanned: the limit of 1 s" in cell.detail


def test_a_budget_that_has_ended_proves_nothing():
    (cell,) = audit(shifted, "softmax", ["float16"], exhaustive="gaps", properties=["finite"], budget=1e-9).cells
    assert (cell.verdict, cell.examined) == ("incomplete", 0)


def test_a_domain_of_many_parts_is_scanned_once_for_all_properties():
    rows = []

    def counted(x, axis=-1):
        rows.append(len(x))
        return shifted(x, axis)

    report = audit(counted, "softmax", ["float8_e5m2"], exhaustive="pairs")
    assert {c.verdict for c in report.cells} == {"proved"}
    size = report.cells[0].examined
    assert size <= sum(rows) < 2 * size
    assert size < PART


@pytest.mark.parametrize("options", [{"examples": 0}, {"exhaustive": "gaps"}])
def test_what_another_audit_of_the_same_function_saw_counts_no_more(options):
    lower = {"the maximum": True}

    def softmax(x, axis=-1):
        e = np.exp(x - x.max(axis=axis, keepdims=True) if lower["the maximum"] else x)
        return e / e.sum(axis=axis, keepdims=True)

    wanted = {"role": "softmax", "dtypes": ["float16"], "properties": ["finite"], **options}
    assert audit(softmax, **wanted).cells[0].verdict in {"held", "proved"}
    lower["the maximum"] = False
    assert audit(softmax, **wanted).cells[0].verdict == "refuted"
