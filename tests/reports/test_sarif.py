"""report.sarif: valid by the official schema, read by another reader, the same result after the code has moved."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from sarif import loader

from extremum.properties.values.finding import VERDICTS, Cell, Witness
from extremum.reports.cli import main
from extremum.reports.record.places import Place, place_at, places
from extremum.reports.record.record import BASELINE, Record
from extremum.reports.views.sarif import FINGERPRINT, message, sarif

SCHEMA_FILE = Path(__file__).parents[1] / "support/schemas/sarif-schema-2.1.0.json"
SCHEMA = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
DIGEST = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
HOSTILE = "[k](https://a.b) {0}\u202e\x1b[31m:f"
WITNESS = Witness(
    {"x": {"dtype": "float32", "shape": [1, 1], "layout": "C", "values": ["0x1.0p+7"]}},
    "scaled",
    1e9,
    4.0,
    "0x1.0p+0",
    "2.0",
    (0, 0),
)
ROW = {"word": "pkg/k.py:f", "of": "", "file": "pkg/a b.py", "line": "3", "column": "1", "end_line": "3"}
KERNEL = """import numpy as np


def my_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)

"""
AUDIT = ("audit", "k.py:my_softmax", "--dtype", "float32", "--property", "finite", "--examples", "0", "-n", "0")


def refuted(subject: str = "k.py:f", prop: str = "accuracy", code: str = "EX105", **fields: Any) -> Cell:
    cell = Cell(subject, "softmax", prop, code, "float32", "refuted", 9, 1e9, 4.0, "ulp", cause="unknown")
    return replace(cell, severity="high", simplest=WITNESS, worst=WITNESS, **fields)


def record(*cells: Cell, **environment: Any) -> Record:
    named = [{"name": c.subject, "role": c.role, "end_column": "6", **ROW} for c in cells]
    return Record(list(cells), command=["extremum", "audit"], environment={"named": named, **environment})


def run_of(report: Record) -> dict[str, Any]:
    """The one run of the text, which is valid by the official schema."""
    return valid(sarif(report))


def valid(text: str) -> dict[str, Any]:
    whole = json.loads(text)
    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    jsonschema.validate(whole, SCHEMA, cls=jsonschema.Draft4Validator, format_checker=checker)
    (run,) = whole["runs"]
    assert isinstance(run, dict)
    return run


def test_the_schema_is_the_official_one() -> None:
    assert hashlib.sha256(SCHEMA_FILE.read_bytes()).hexdigest() == DIGEST
    with pytest.raises(jsonschema.ValidationError):
        valid('{"version": "2.0.0", "runs": []}')


def test_a_result_has_rule_level_place_and_message() -> None:
    run = run_of(record(refuted()))
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("EX105", "error")
    (location,) = result["locations"]
    region = {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 6}
    assert location["physicalLocation"]["region"] == region
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "pkg/a%20b.py", "uriBaseId": "%SRCROOT%"}
    assert "input: x = [128]" in result["message"]["text"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], rule["name"]) == ("EX105", "accuracy")
    assert "Bound: " in rule["help"]["text"]
    assert "**Fix**" in rule["help"]["markdown"]


@pytest.mark.parametrize(
    ("severity", "level"), [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "note")]
)
def test_a_level_is_of_the_severity(severity: str, level: str) -> None:
    assert run_of(record(replace(refuted(), severity=severity)))["results"][0]["level"] == level


def test_what_a_reference_declares_is_no_result_and_what_is_let_pass_is_suppressed() -> None:
    assert run_of(record(refuted(expected=True)))["results"] == []
    (result,) = run_of(record(refuted(accepted="high: below --fail-on critical")))["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "high: below --fail-on critical"}]
    assert "baselineState" not in result


@pytest.mark.parametrize(
    ("cell", "status", "state"),
    [
        (refuted(), "ERROR", "new"),
        (refuted(accepted="known: in the baseline"), "STILL", "unchanged"),
        (refuted(), "WORSE", "updated"),
        (replace(refuted(), verdict="held", simplest=None, worst=None), "FIXED", "absent"),
    ],
)
def test_the_state_is_by_the_baseline(cell: Cell, status: str, state: str) -> None:
    row = {"role": "softmax", "subject": "k.py:f", "property": "accuracy", "dtype": "float32", "code": "EX105"}
    known = {BASELINE: [{**row, "cause": "unknown", "severity": "high", "status": status}]}
    (result,) = run_of(record(cell, **known))["results"]
    assert (result["baselineState"], result["level"]) == (state, "error")
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_a_fingerprint_survives_a_moved_line_another_folder_and_another_witness() -> None:
    other = replace(WITNESS, measured=3.0, got="0x1.8p+0")
    moved = record(refuted(), replace(refuted(), property="mask", code="EX109"))
    moved.environment["named"][0].update(line="40", file="elsewhere/k.py")
    seen = record(replace(refuted(), simplest=other))
    prints = [run_of(r)["results"][0]["partialFingerprints"][FINGERPRINT] for r in (record(refuted()), moved, seen)]
    assert len(set(prints)) == 1
    others = [refuted("k.py:g"), refuted(cause="wrong factor"), refuted(prop="finite", code="EX101")]
    both = run_of(record(refuted(), *others))["results"]
    assert len({r["partialFingerprints"][FINGERPRINT] for r in both}) == len(both)


def test_every_verdict_and_every_hostile_name_is_valid() -> None:
    cells = [replace(refuted(HOSTILE), verdict=v) for v in VERDICTS]
    cells += [replace(refuted(f"{v}.py:f"), role="mine", verdict=v, severity="", simplest=None) for v in VERDICTS]
    cells += [replace(refuted("m.py:f"), verdict="held", missed=True)]
    text = sarif(Record(cells, command=["extremum", HOSTILE], environment={}, interrupted=True))
    run = valid(text)
    assert run["invocations"][0]["executionSuccessful"] is False
    assert all("](" not in result["message"]["text"] for result in run["results"])
    assert message("{0} [a](b)") == "{{0}} [a] (b)"
    assert valid(sarif(Record([], environment={})))["results"] == []


def test_an_audit_writes_what_another_reader_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(KERNEL)
    assert CliRunner().invoke(main, AUDIT).exit_code == 1
    before = valid((tmp_path / "extremum-report/report.sarif").read_text())
    (result,) = before["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (4, 1, 15)
    (read,) = loader.load_sarif_file("extremum-report/report.sarif").get_records()
    assert (read["Severity"], read["Location"], read["Line"]) == ("error", "k.py", 4)
    assert "exp overflow: Exp overflows from 88.72284 up" in read["Description"]

    (tmp_path / "k.py").write_text("# moved\n\n" + KERNEL)
    CliRunner().invoke(main, AUDIT)
    (moved,) = valid((tmp_path / "extremum-report/report.sarif").read_text())["results"]
    assert moved["partialFingerprints"] == result["partialFingerprints"]
    assert moved["locations"][0]["physicalLocation"]["region"]["startLine"] == 6


@pytest.mark.parametrize(
    ("source", "line", "place"),
    [
        ("def f(x): ...\n", 1, (1, 1, 1, 6)),
        ("class A:\n    async  def  g(x): ...\n", 2, (2, 5, 2, 18)),
        ("@staticmethod\n@property\ndef f(x): ...\n", 1, (3, 1, 3, 6)),
        ("\u00e9 = 1; f = lambda x: (\n    x)\n", 1, (1, 12, 2, 7)),
        ("def f(x): ...\n", 9, (9, 1, 9, 1)),
        ("not Python (\n", 1, (1, 1, 1, 1)),
    ],
)
def test_the_place_of_a_function_is_its_def_and_name(tmp_path: Path, source: str, line: int, place: Any) -> None:
    (tmp_path / "k.py").write_text(source, encoding="utf-8")
    assert place_at(str(tmp_path / "k.py"), line, tmp_path) == Place("k.py", *place)
    assert place_at(str(tmp_path / "gone.py"), 3, tmp_path / "sub").file == f"{tmp_path.as_posix()}/gone.py"


def test_a_place_that_was_edited_by_hand_is_left_out() -> None:
    report = record(refuted())
    report.environment["named"][0]["line"] = "three"
    assert places(report) == {}
    assert "physicalLocation" not in run_of(report)["results"][0]["locations"][0]
