"""`--format`: one document for programs, and what GitHub reads; nothing from the code under audit is a command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from record_schema import FINDINGS_SCHEMA

from extremum.properties.values.finding import Cell, Witness
from extremum.reports.cli import main
from extremum.reports.record.record import Record
from extremum.reports.views.github import SUMMARY_BYTES, annotated, error, summary_of_step
from extremum.reports.views.json_document import document

HOSTILE = "a::error file=x,line=1::owned%0A:b"
KERNEL = """import numpy as np

print("::error::printed at the import")


@np.errstate(all="ignore")
def my_softmax(x, axis=-1):
    print("::warning::printed by a call")
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)
"""
AUDIT = ("audit", "k.py:my_softmax", "--dtype", "float32", "--property", "finite", "--examples", "0", "-n", "0")
DECODED = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}


def findings(count: int, entries: int = 1, **fields: Any) -> Record:
    """A record of so many findings, of subjects whose names are hostile."""
    values = ["0x1.fffffep+127"] * entries
    argument = {"dtype": "float32", "shape": [1, entries], "layout": "C", "values": values}
    numbers = ("scaled", 1e300, 4.6, "0x1.8p+0", "1.0000", (0, 0))
    witness = Witness({"x": argument, "g": argument}, *numbers, correction="shift")
    given: dict[str, Any] = {"severity": "high", "cause": "exp overflow", "simplest": witness, "worst": witness}
    one = Cell(HOSTILE, "softmax", "accuracy", "EX105", "float32", "refuted", 9, 1e300, 4.6, "ulp")
    cells = [replace(one, subject=f"{HOSTILE}{n}", **given | fields) for n in range(count)]
    named = [
        {"name": c.subject, "role": c.role, "word": c.subject, "of": "", "file": "pkg/a,b.py"}
        | {"line": "3", "column": "1", "end_line": "3", "end_column": "9"}
        for c in cells
    ]
    return Record(cells, command=["extremum", "audit"], environment={"named": named})


def workflow_commands(lines: list[str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """The commands that GitHub's runner would see in these lines, decoded as it does."""

    def decoded(text: str) -> str:
        return re.sub("|".join(DECODED), lambda found: DECODED[found.group()], text)

    stopped = ""
    for line in lines:
        found = re.match(r"::([^: ]+)(?: ([^:]*))?::(.*)$", line.lstrip())
        if found is None or (stopped and found[1] != stopped):
            continue
        if found[1] in (stopped, "stop-commands"):
            stopped = "" if stopped else found[3]
            continue
        pairs = (pair.partition("=") for pair in (found[2] or "").split(","))
        yield found[1], {name: decoded(value) for name, _, value in pairs if name}, decoded(found[3])


def valid(text: str) -> dict[str, Any]:
    """The document, which is valid by its published schema."""
    whole = json.loads(text)
    jsonschema.validate(whole, FINDINGS_SCHEMA)
    assert isinstance(whole, dict)
    return whole


def invoke(*words: str) -> Result:
    done = CliRunner().invoke(main, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "pkg/k.py").write_text(KERNEL)
    monkeypatch.chdir(tmp_path / "pkg")
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_ten_findings_are_a_document_of_less_than_8_kb() -> None:
    for report in (findings(10), findings(10, entries=400)):
        text = document(report, 1, Path("extremum-report"))
        assert len(text.encode()) < 8000
        rows = valid(text)["findings"]
        assert [row["subject"] for row in rows][-1].startswith("a::error file=x")
    assert valid(document(findings(13), 1, None))["more"] == 3
    assert valid(document(findings(0), 0, None))["findings"] == []


def test_a_finding_in_the_document_has_what_a_program_needs() -> None:
    whole = valid(document(findings(1), 1, Path("extremum-report")))
    assert whole["replay"] == "extremum replay extremum-report/report.json"
    (row,) = whole["findings"]
    assert row["sentence"].startswith("Exp overflows")
    assert (row["cause"], row["got"], row["exact"], row["code"]) == ("exp overflow", "1.5", "1", "EX105")
    assert row["input"]["x"].startswith("[3.4028235e+38]")
    assert row["location"] == {"file": "pkg/a,b.py", "line": 3, "column": 1}
    assert row["again"].startswith("extremum audit 'a::error file=x")
    assert row["fix"].startswith("Subtract the maximum")
    named = findings(1)
    named.environment["named"][0]["word"] = "pkg/k.py:f"  # the name in a record has no folder
    (row,) = valid(document(named, 1, None))["findings"]
    assert row["again"].startswith("extremum audit pkg/k.py:f --role softmax")


def test_what_is_let_pass_is_counted_and_is_no_finding_of_the_document() -> None:
    whole = valid(document(findings(2, accepted="known: in the baseline"), 0, None))
    assert (whole["findings"], whole["known"]) == ([], 2)


def test_an_annotation_is_one_line_whatever_the_code_under_audit_says(tmp_path: Path) -> None:
    (line,) = annotated(findings(1), None, tmp_path)
    assert len(line.splitlines()) == 1
    ((name, given, message),) = workflow_commands([line])
    assert name == "error"
    assert given["title"] == f"{HOSTILE}0: exp overflow, high"
    assert given["file"] == str(Path.cwd() / "pkg/a,b.py")
    assert (given["line"], given["col"], given["endColumn"]) == ("3", "1", "9")
    assert message.splitlines()[0].startswith("Exp overflows")
    assert message.splitlines()[-1].startswith("again: extremum audit 'a::error")
    ((_, _, message),) = workflow_commands([error("100%\r\n::done::", "t")])
    assert message == "100%\r\n::done::"


def test_at_most_ten_findings_are_annotated_and_the_rest_is_counted() -> None:
    lines = annotated(findings(12), Path("extremum-report"), Path.cwd())
    assert len(list(workflow_commands(lines))) == 10
    assert lines[10:] == ["and 2 more findings: extremum-report/report.md"]
    assert [name for name, _, _ in workflow_commands(annotated(findings(1, severity="medium"), None, Path.cwd()))] == [
        "warning"
    ]
    assert annotated(findings(1, accepted="known: in the baseline"), None, Path.cwd()) == []


def test_a_summary_of_a_step_is_short_and_counts_what_has_no_room() -> None:
    text = summary_of_step(findings(1), Path("extremum-report"), "baseline: 1 fixed")
    assert text.startswith("## extremum: 1 finding, in 1 cell")
    assert "baseline: 1 fixed" in text
    whole = summary_of_step(findings(800), Path("extremum-report"))
    assert len(whole.encode()) < SUMMARY_BYTES
    assert re.search(r"And \d+ more findings. All is in `extremum-report/report.md`.", whole)


def test_standard_output_is_the_document_alone(project: Path) -> None:
    done = invoke(*AUDIT, "--format", "json")
    whole = valid(done.stdout)
    assert (done.exit_code, whole["exit_code"], len(whole["findings"])) == (1, 1, 1)
    assert whole["findings"][0]["location"] == {"file": "k.py", "line": 7, "column": 1}
    assert "refuted k.py:my_softmax" in done.stderr
    assert invoke(*whole["replay"].split()[1:]).exit_code == 1
    assert whole["findings"][0]["again"].startswith("extremum audit k.py:my_softmax --role")


def test_github_is_told_where_in_the_repository_and_no_line_of_output_is_a_command_besides(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    (project / "summary.md").write_text("before\n")
    done = invoke(*AUDIT, "--format", "github")
    assert done.exit_code == 1
    ((name, given, message),) = workflow_commands(done.stdout.splitlines())
    assert (name, given["file"], given["line"]) == ("error", "pkg/k.py", "7")
    assert "input: x = [88.72284]" in message
    assert (project / "summary.md").read_text().startswith("before\n## extremum: 1 finding")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project))
    done = invoke(*AUDIT, "--format", "github")
    assert done.exit_code == 1
    assert f"GITHUB_STEP_SUMMARY={str(project)!r} cannot be written: Is a directory" in done.stderr


@pytest.mark.slow
def test_a_stale_baseline_is_an_annotation_too(project: Path) -> None:
    invoke(*AUDIT)
    invoke("baseline", "extremum-report/report.json")
    (project / "pkg/k.py").write_text(KERNEL.replace("np.exp(x)", "np.exp(x - x.max(axis=axis, keepdims=True))"))
    done = invoke(*AUDIT, "--format", "github", "--baseline", "extremum-baseline.json", "--strict")
    ((name, given, message),) = workflow_commands(done.stdout.splitlines())
    assert (done.exit_code, name, given["title"]) == (1, "error", "extremum: baseline")
    assert message.startswith("baseline: 1 fixed")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--format", "xml"), "'xml' is not one of 'human', 'json', 'github'"),
        (("--format", "json", "--json", "-"), "format='json' and json='-': standard output holds one of them"),
        (("--format", "github", "--json", "-"), "format='github' and json='-'"),
    ],
)
def test_what_cannot_go_to_standard_output_is_refused_in_a_line(
    project: Path, words: tuple[str, ...], message: str
) -> None:
    done = invoke(*AUDIT, *words)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (4, "", 1)
    assert message in done.stderr


def test_commands_of_the_workflow_are_read_again_where_there_is_no_report(project: Path) -> None:
    done = invoke("audit", "nowhere.py:f", "--format", "github", "-n", "0")
    first, *_, last = done.stdout.splitlines()
    assert (done.exit_code, first) == (4, f"::stop-commands::{last.strip(':')}")


def test_a_proof_is_told_in_these_formats_too(project: Path) -> None:
    done = invoke("audit", "shifted", "--exhaustive", "gaps", "--dtype", "bfloat16", "-n", "1", "--format", "json")
    assert valid(done.stdout)["exit_code"] == 0
