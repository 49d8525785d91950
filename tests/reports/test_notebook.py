"""In a notebook: a bar while an audit runs, a display of each finding, and the arrays of a witness to go on with."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from extremum.properties.calling.caller import present
from extremum.properties.values.case import Case, encode, integer
from extremum.properties.values.finding import Cell, Witness
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.report import Report, ReportWitness
from extremum.reports.run import audit


def overflowing_softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


@pytest.fixture(scope="module")
def report() -> Report:
    return audit(overflowing_softmax, dtypes=["float32", "float16"], properties=["finite", "accuracy"], examples=5)


def test_the_arrays_of_a_witness_show_the_failure(report: Report) -> None:
    witness = report.cells[0].simplest
    assert isinstance(witness, ReportWitness)
    arrays = witness.arrays()
    with np.errstate(all="ignore"):
        assert np.isnan(overflowing_softmax(**arrays)).any()
    assert encode(Case({"x": np.asarray(arrays["x"])})) == witness.arguments


@pytest.mark.parametrize("layout", ["C", "F", "reversed", "read-only"])
@pytest.mark.parametrize("dtype", FORMATS)
def test_arrays_have_the_layout_that_was_recorded_and_numbers_are_pythons(dtype: str, layout: str) -> None:
    x = FORMATS[dtype].round(np.arange(6.0).reshape(2, 3))
    given = ReportWitness(encode(Case({"x": x, "axis": integer(1)}, layout)), "", 1.0, 0.0).arrays()
    array = given["x"]
    assert isinstance(array, np.ndarray)
    assert (array.strides, array.flags.writeable, array.dtype) == (
        present(x, layout).strides,
        present(x, layout).flags.writeable,
        x.dtype,
    )
    assert np.array_equal(array, x)
    assert given["axis"] == 1
    assert type(given["axis"]) is int


def test_a_finding_has_a_display_of_its_own(report: Report) -> None:
    (finding, *_) = report.findings
    shown = finding._repr_html_()  # type: ignore[attr-defined]
    assert "exp overflow" in shown
    assert "Fix:" in shown
    assert shown.count("<article") == 1
    assert "<script" not in shown
    assert str(finding).startswith("critical  exp overflow  overflowing_softmax")
    assert repr(finding) == f"<Finding: exp overflow of overflowing_softmax, {len(finding.cells)} cells>"


def test_a_report_that_is_read_again_shows_the_same(report: Report) -> None:
    again = Report.from_json(report.to_json())
    assert again.to_json() == report.to_json()
    assert [f.to_json() for f in again.findings] == [f.to_json() for f in report.findings]
    assert again._repr_html_() == report._repr_html_()


def test_cells_that_are_handed_to_a_report_get_witnesses_of_a_report() -> None:
    cell = Cell("f", "softmax", "finite", "EX101", "float32", "refuted", severity="high")
    cell.simplest = cell.worst = Witness(encode(Case({"x": np.zeros((1, 1), np.float32)})), "", 1.0, 0.0)
    Report([cell], environment={})
    assert isinstance(cell.worst, ReportWitness)


class Notebook:
    """A stand-in for IPython with a front end, which keeps what it is asked to show."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kernel: bool = True) -> None:
        self.shown: list[str] = []
        shell = SimpleNamespace(kernel=None) if kernel else SimpleNamespace()
        ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
        vars(ipython).update(get_ipython=lambda: shell, display=display)
        vars(display).update(HTML=str, display=self.display)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def display(self, html: str, display_id: bool) -> Any:
        assert display_id
        self.shown.append(html)
        return SimpleNamespace(update=self.shown.append)


def test_a_notebook_shows_how_far_the_audit_is(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(monkeypatch)
    audit(overflowing_softmax, dtypes=["float32"], properties=["finite", "nonnegative"], examples=5)
    first, *bars, last = notebook.shown
    assert 'value="0" max="2"' in first
    assert 'value="2" max="2"' in bars[-1]
    assert "2 of 2 cells, 1 with a finding" in bars[-1]
    assert last == ""


def test_elsewhere_nothing_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = Notebook(monkeypatch, kernel=False)
    audit(overflowing_softmax, dtypes=["float32"], properties=["nonnegative"], examples=5)
    assert notebook.shown == []
    assert capsys.readouterr() == ("", "")
