"""`extremum issue`: the body of a bug report, whose code does what it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from extremum.properties.values.finding import Cell, Witness
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.cli import main
from extremum.reports.record.files import lines
from extremum.reports.record.findings import Finding, Sign
from extremum.reports.record.record import Record
from extremum.reports.views.issue_text import Measured, chief, issue_text, title_of, ulps

KERNEL = """import numpy as np


def my_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)
"""
ZEROS = {"dtype": "float16", "shape": [1, 65536], "layout": "C", "runs": [["0x0.0p+0", 65536]]}
ONE = {"dtype": "float32", "shape": [1, 1], "layout": "C", "values": ["0x1.62e43p+6"]}


def overflow() -> Cell:
    witness = Witness({"x": ONE}, "all-equal", 1.0, 0.0, "nan", "", [0, 0], cause="exp overflow", correction="shift")
    cell = Cell("k.py:my_softmax", "softmax", "finite", "EX101", "float32", "refuted", 9, 1.0, 0.0, "outputs")
    return replace(cell, cause="exp overflow", severity="critical", simplest=witness, worst=witness)


def of_scipy() -> Cell:
    witness = Witness({"x": ZEROS}, "all-equal", "inf", 9.0, "inf", "[11.0903549 +/- 1e-8]", [0, 0])
    cell = Cell("scipy", "logsumexp", "accuracy", "EX305", "float16", "refuted", 9, "inf", 9.0, "u")
    return replace(cell, cause="sum overflow", severity="high", simplest=witness, worst=witness)


def issue(folder: Path, cells: list[Cell], *words: str) -> Result:
    subjects = [{"name": c.subject, "role": c.role, "arrays": "numpy", "axis": "axis"} for c in cells]
    named = [
        {"name": c.subject, "role": c.role, "word": f"pkg/{c.subject}", "of": ""} for c in cells if ":" in c.subject
    ]
    (folder / "report.json").write_text(lines(Record(cells, subjects=subjects).to_json()))
    content = json.loads((folder / "report.json").read_text())
    content["environment"]["named"] = named
    (folder / "report.json").write_text(json.dumps(content))
    return CliRunner().invoke(main, ["issue", "report.json", *words])


def code_of(body: str) -> str:
    (code,) = re.findall(r"```python\n(.*?)```", body, re.DOTALL)
    return str(code)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/k.py").write_text(KERNEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_body_has_what_a_maintainer_needs_and_its_code_shows_the_defect(project: Path) -> None:
    done = issue(project, [overflow()])
    assert (done.exit_code, done.stderr) == (0, "")
    body = done.stdout
    assert body.startswith("# k.py:my_softmax of float32: exp overflows from 88.72284 up and gives NaN\n")
    assert "| `x = [88.72284] float32[1, 1] (0x1.62e43p+6)` | `nan` |" in body
    assert "Nothing else is allowed, since no rounding excuses it." in body
    assert "Subtract the maximum of the row" in body
    assert "Of 5 random normal inputs 5 pass `np.allclose(answer, exact, rtol=1e-05, atol=1e-08)`" in body
    assert "follows from `f(x, axis=-1)` = `exp(x_i) / sum_j exp(x_j)`, and not from another implementation" in body
    assert re.search(r"numpy \d.*\n- extremum .*Python 3.*\n- processor ", body)
    code = code_of(body)
    assert len(code.splitlines()) <= 10
    assert "from k import my_softmax" in code
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "nan\n"), run.stderr


def test_the_code_of_a_library_function_is_the_librarys_own(project: Path) -> None:
    done = issue(project, [overflow(), of_scipy()], "ex305")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(
        "# scipy.special.logsumexp of float16: the sum of the exponentials overflows at n = 65,536"
    )
    assert "from scipy.special import logsumexp" in code_of(done.stdout)
    assert "answer[0])  # inf; the exact value is 11.0903549" in code_of(done.stdout)
    assert "Of 5 random normal inputs 5 pass `torch.testing.assert_close(answer, exact, rtol=0.001, atol=1e-05)`" in (
        done.stdout
    )
    assert "scipy 1" in done.stdout.rpartition("## Versions")[2]


def test_what_passes_now_is_told_before_it_is_sent(project: Path) -> None:
    (project / "pkg/k.py").write_text(KERNEL.replace("np.exp(x)", "np.exp(x - x.max(axis=axis, keepdims=True))"))
    done = issue(project, [overflow()])
    assert done.stderr == "extremum: the input that is shown passes now: audit again before this is sent\n"


def test_a_function_that_is_not_here_is_told_of_without_what_would_be_measured(project: Path) -> None:
    (project / "pkg/k.py").unlink()
    done = issue(project, [overflow()])
    assert done.exit_code == 0
    assert "This was not measured: subject file 'pkg/k.py' does not exist" in done.stdout
    assert "my_softmax" in code_of(done.stdout)


@pytest.mark.parametrize("word", ["EX101", "finite", "exp overflow", "EXP overflow"])
def test_a_finding_is_named_by_code_property_or_cause(project: Path, word: str) -> None:
    assert issue(project, [of_scipy(), overflow()], word).stdout.startswith("# k.py:my_softmax")


def test_what_names_no_finding_is_refused_in_a_line(project: Path) -> None:
    for cells, words, message in (
        ([overflow()], ["EX999"], "code='EX999' is of no finding in 'report.json': valid: EX101, or a cause"),
        ([], [], "'report.json' has no finding: there is nothing to report"),
    ):
        done = issue(project, cells, *words)
        assert (done.exit_code, done.stdout, done.stderr) == (4, "", f"extremum: {message}\n")
    (project / "report.json").write_text("{")
    assert CliRunner().invoke(main, ["issue", "report.json"]).exit_code == 4


@pytest.mark.parametrize(
    ("allowed", "said"),
    [(0.0, "Nothing else is allowed"), (0.5, r"Allowed is 0\.5 u.* \(u = 2\*\*-24\) for this input")],
)
def test_what_is_allowed_is_said_with_its_unit(allowed: float, said: str) -> None:
    witness = replace(of_scipy().simplest or Witness({}, "", 1.0, 1.0), allowed=allowed)
    cell = replace(of_scipy(), simplest=witness, worst=witness, dtype="float32")
    finding = Finding([Sign(cell, "simplest")], "unknown")
    assert re.search(said, issue_text(finding, Record([cell], environment={}), Measured("", "-", "", "f")))


def test_the_gravest_property_with_an_exact_value_is_told_of() -> None:
    exact = replace(of_scipy(), cause="x")
    cells = [replace(exact, severity="low"), replace(exact, property="mask"), replace(overflow(), severity="critical")]
    finding = chief(Finding([Sign(cell, "simplest") for cell in cells], "x"))
    assert finding.properties == ["mask"]
    assert chief(Finding([Sign(cells[2], "simplest")], "x")).properties == ["finite"]


@pytest.mark.parametrize(
    ("got", "exact", "dtype", "off"),
    [
        ("0x1.0p+0", "1.0000", "float32", "0"),
        ("0x1.000002p+0", "1.0000", "float32", "1"),
        ("0x1.0p+0", "[2.0000 +/- 1e-9]", "float32", "4.194e+06"),
        ("0x0.0p+0", "1e-60", "float32", "7.136e-16"),  # in subnormals the spacing is that of the smallest
        ("nan", "1.0", "float32", "no finite number"),
        ("0x1.0p+0", "about one", "float32", ""),
        ("0x1.0p+0 and 0x1.0p+1", "1", "float32", ""),
        ("0x1.0p+0", "1e400", "float64", "5.01e+107"),
        ("0x1.0p+0", "1e999999999", "float64", ""),
    ],
)
def test_an_error_in_ulps_is_in_spacings_of_floats_at_the_exact_value(
    got: str, exact: str, dtype: str, off: str
) -> None:
    assert ulps(got, exact, FORMATS[dtype]) == off


def test_nothing_from_the_code_under_audit_gets_out_of_its_place() -> None:
    hostile = "```\n<script>alert(1)</script>|`*_x_*](http://a.b)\u202e"
    cell = replace(overflow(), subject=hostile, detail=hostile, cause="unknown")
    finding = Finding([Sign(cell, "simplest")], "unknown")
    body = issue_text(finding, Record([cell], environment={}), Measured("print(1)", "-", hostile, hostile))
    outside = re.sub(r"```.*?\n```|`+[^\n]*?`+", "", body, flags=re.DOTALL)
    assert "<script" not in outside
    assert "\u202e" not in body
    assert len(title_of(finding, hostile).splitlines()) == 1


def test_a_finding_without_a_witness_has_a_body_too(project: Path) -> None:
    crashed: Any = replace(overflow(), verdict="crashed", simplest=None, worst=None, cause="", detail="exit status 3")
    done = issue(project, [crashed])
    assert done.exit_code == 0, done.output
    assert "exit status 3" in done.stdout
