"""A baseline lets pass what is known, as long as it is as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from record_schema import SCHEMA

from extremum.properties.values.finding import Cell, Witness
from extremum.reference.errors import UsageError
from extremum.reports.cli import main
from extremum.reports.driving.gate import TOLD, Gate, Told
from extremum.reports.driving.replays import Replays
from extremum.reports.driving.settings import ProjectSettings
from extremum.reports.record.baseline import KNOWN, Baseline, Entry, Known, read_baseline, text, updated
from extremum.reports.record.files import lines
from extremum.reports.record.record import Record

TODAY = date(2026, 11, 29)
WITNESS = Witness(
    {"x": {"dtype": "float32", "shape": [1, 1], "values": ["0x1.0p+0"]}}, "ordinary", 2.0, 1.0, index=[0, 0]
)
OTHER = replace(WITNESS, arguments={"x": {"dtype": "float32", "shape": [1, 1], "values": ["0x1.8p+0"]}})
CELL = Cell(
    "k.py:f", "softmax", "accuracy", "EX105", "float32", "refuted", severity="high", simplest=WITNESS, worst=OTHER
)
HELD = replace(CELL, verdict="held", simplest=None, worst=None, severity="")
KERNELS = """
import numpy as np


def my_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def scaled_logsumexp(x, axis=-1):
    top = x.max(axis=axis, keepdims=True)
    out = np.log(np.exp(x - top).sum(axis=axis)) + top.squeeze(axis)
    return out * np.asarray(1.001, x.dtype)
"""
MENDED = KERNELS.replace("np.exp(x)\n", "np.exp(x - x.max(axis=axis, keepdims=True))\n")
SETTINGS = """
[tool.extremum]
dtypes = "float32"
properties = "accuracy"
examples = 0
effort = "quick"
baseline = "known.json"

[tool.extremum.subjects]
"k.py:my_softmax" = {}
"k.py:scaled_logsumexp" = {}
"""


def made(path: Path, *cells: Cell, **values: Any) -> list[dict[str, Any]]:
    """A baseline of these cells in a file, and its entries."""
    path.write_text(text(updated(Baseline(), cells, {}, TODAY)))
    record = json.loads(path.read_text())
    record["entries"][0] |= values
    path.write_text(json.dumps(record))
    rows: list[dict[str, Any]] = record["entries"]
    return rows


def edited(record: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The baseline with other values in its first entry."""
    return record | {"entries": [record["entries"][0] | values]}


def of_cell(record: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The baseline with other values in the first cell of its first entry."""
    return edited(record, cells=[record["entries"][0]["cells"][0] | values])


def test_an_entry_is_a_finding_with_its_witnesses_and_what_people_say(tmp_path: Path) -> None:
    (row,) = made(tmp_path / "b.json", CELL, HELD)
    assert [line.partition(":")[0].strip() for line in text(Baseline()).splitlines()] == [
        "{",
        '"schema"',
        '"audited"',
        '"entries"',
        "]",
        "}",
    ]
    lines_of = text(read_baseline(tmp_path / "b.json")).splitlines()
    assert sum(line.startswith('     "simplest": {"arguments": {"x": ') for line in lines_of) == 1
    assert [row[key] for key in ("subject", "cause", "severity")] == ["k.py:f", "unknown", "high"]
    assert (row["properties"], row["dtypes"]) == (["accuracy"], ["float32"])
    assert (row["first_seen"], row["reason"], row["expires"]) == ("2026-11-29", "", "")
    assert row["cells"][0]["simplest"]["arguments"] == WITNESS.arguments
    assert read_baseline(tmp_path / "b.json").entries[0].cells == [CELL]


def test_a_finding_of_many_cells_is_one_entry_and_a_long_witness_is_packed(tmp_path: Path) -> None:
    long = {"x": {"dtype": "float32", "shape": [1, 5000], "values": [float(v).hex() for v in range(5000)]}}
    cells = [
        replace(CELL, cause="exp overflow", simplest=replace(WITNESS, cause="exp overflow")),
        replace(CELL, property="finite", cause="exp overflow", worst=replace(OTHER, arguments=long)),
        replace(CELL, dtype="float64", simplest=replace(OTHER, cause="wrong factor"), worst=None),
    ]
    rows = made(tmp_path / "b.json", *cells)
    assert [(row["cause"], row["properties"], row["dtypes"]) for row in rows] == [
        ("exp overflow", ["accuracy", "finite"], ["float32"]),
        ("wrong factor", ["accuracy"], ["float64"]),
    ]
    found = [cell for entry in read_baseline(tmp_path / "b.json").entries for cell in entry.cells]
    worst = next(cell.worst for cell in found if cell.property == "finite")
    assert worst is not None
    assert worst.arguments == long
    assert (tmp_path / "b.json").stat().st_size < 30_000
    assert all(len(line) < 20_000 for line in (tmp_path / "b.json").read_text().splitlines())


def test_entries_that_are_one_finding_now_keep_every_reason_and_the_earliest_dates() -> None:
    known = replace(CELL, cause="exp overflow", simplest=replace(WITNESS, cause="exp overflow"), worst=None)
    one, other = known, replace(known, property="mask")
    before = [
        Entry([one], "k.py:f", row={"reason": "old", "first_seen": "2024-02-01", "expires": ""}),
        Entry([other], "k.py:f", row={"reason": "ticket 7", "first_seen": "2024-01-01", "expires": "2027-01-01"}),
    ]
    (entry,) = updated(Baseline(before), [one, other], {}, TODAY).entries
    said = [entry.row[key] for key in ("reason", "first_seen", "expires")]
    assert said == ["old; ticket 7", "2024-01-01", "2027-01-01"]
    (part,) = updated(Baseline([entry]), [one], {}, TODAY).entries  # the other was not judged
    assert (part.row["properties"], part.row["reason"]) == (["accuracy", "mask"], "old; ticket 7")
    (left,) = updated(Baseline([entry]), [one, replace(other, verdict="held", simplest=None)], {}, TODAY).entries
    assert left.row["properties"] == ["accuracy"]


def test_what_people_wrote_stays_when_a_baseline_is_brought_up_to_date(tmp_path: Path) -> None:
    made(tmp_path / "b.json", CELL, reason="known since 2024", ticket=7, first_seen="2024-01-01")
    before = read_baseline(tmp_path / "b.json")
    now = replace(CELL, measured=3.0)
    (entry,) = updated(before, [now], {("softmax", "k.py:f"): ("pkg/k.py:f", "")}, TODAY).entries
    assert (entry.row["reason"], entry.row["ticket"], entry.row["first_seen"]) == ("known since 2024", 7, "2024-01-01")
    assert (entry.cells[0].measured, entry.row["word"]) == (3.0, "pkg/k.py:f")
    assert updated(before, [HELD], {}, TODAY).entries == []
    assert [entry.row for entry in updated(before, [], {}, TODAY).entries] == [entry.row for entry in before.entries]
    assert updated(before, [], {}, TODAY, [CELL.key]).entries == []
    assert updated(before, [replace(HELD, verdict="incomplete")], {}, TODAY).entries == before.entries
    (renamed,) = updated(before, [replace(now, subject="k.py:g")], {}, TODAY, [CELL.key]).entries
    assert (renamed.subject, renamed.row["reason"]) == ("k.py:g", "known since 2024")
    both = updated(before, [now, replace(now, subject="k.py:g")], {}, TODAY).entries
    assert [entry.row["reason"] for entry in both] == ["known since 2024", ""]


def test_a_report_of_other_subjects_takes_no_entry_along_and_gives_no_reason_away(tmp_path: Path) -> None:
    other = replace(CELL, subject="k.py:g")
    rows = made(tmp_path / "b.json", CELL, other)
    record = json.loads((tmp_path / "b.json").read_text())
    for row in record["entries"]:
        row |= {"reason": f"of {row['subject']}"}
    (tmp_path / "b.json").write_text(json.dumps(record))
    for cells in ([CELL], [replace(CELL, measured=3.0)], [CELL, other]):
        after = updated(read_baseline(tmp_path / "b.json"), cells, {}, TODAY).entries
        assert [(e.subject, e.row["reason"]) for e in after] == [("k.py:f", "of k.py:f"), ("k.py:g", "of k.py:g")]
    assert len(rows) == 2


def test_two_findings_of_one_cell_keep_their_own_reasons_and_cells() -> None:
    def cell(dtype: str) -> Cell:
        simplest, worst = replace(WITNESS, cause="exp overflow"), replace(OTHER, cause="epsilon added")
        return replace(CELL, dtype=dtype, cause="exp overflow", simplest=simplest, worst=worst)

    cells = [cell("float32"), cell("float64")]
    first = updated(Baseline(), cells, {}, TODAY)
    said = [
        replace(e, row={**e.row, "reason": f"of {e.cause}", "expires": f"2027-01-0{i + 1}"})
        for i, e in enumerate(first.entries)
    ]
    assert len(said) == 2
    for again in (cells, cells[:1]):
        after = updated(replace(first, entries=said), again, {}, TODAY).entries
        assert [(e.cause, e.row["reason"], e.row["expires"]) for e in after] == [
            (e.cause, e.row["reason"], e.row["expires"]) for e in said
        ]
        assert all(len(e.cells) == 2 for e in after)


def test_what_is_not_known_is_kept_wherever_it_stands(tmp_path: Path) -> None:
    made(tmp_path / "b.json", CELL)
    record = json.loads((tmp_path / "b.json").read_text())
    tickets = [{"link": {"url": "https://x/1"}}, "text", {}, {"id": 1}]
    record |= {"comment": ["ours", {"a": {}}]}
    record["entries"][0] |= {"tickets": tickets}
    record["entries"][0]["cells"][0] |= {"note": "mine"}
    (tmp_path / "b.json").write_text(json.dumps(record))
    (tmp_path / "b.json").write_text(text(updated(read_baseline(tmp_path / "b.json"), [CELL], {}, TODAY)))
    after = json.loads((tmp_path / "b.json").read_text())
    assert (after["comment"], after["entries"][0]["tickets"]) == (["ours", {"a": {}}], tickets)
    assert after["entries"][0]["cells"][0]["note"] == "mine"


def test_another_defect_in_the_same_cell_is_new_and_an_audited_function_is_no_renamed_one() -> None:
    entry = Entry([replace(CELL, cause="exp overflow")], "k.py:f", row={"cause": "exp overflow"})
    known = Known(entry.cells[0], entry.causes)
    assert known.covers(replace(CELL, cause="exp overflow"))
    assert known.covers(replace(CELL, cause="unknown"))
    assert not known.covers(replace(CELL, cause="extra term"))
    moved = replace(CELL, subject="k.py:g", cause="exp overflow")
    assert known._replace(moved=True).covers(moved)
    assert not known._replace(moved=True, audited=frozenset({("softmax", "k.py:g")})).covers(moved)


@pytest.mark.parametrize(
    ("cell", "known", "moved"),
    [
        (CELL, True, False),
        (replace(CELL, simplest=OTHER), True, False),  # another seed
        (replace(CELL, subject="other.py:g"), True, True),  # a renamed function, or a moved file
        (replace(CELL, subject="other.py:g"), False, False),  # another function that breaks in the same way
        (replace(CELL, subject="other.py:g", simplest=OTHER), False, True),
        (replace(CELL, property="finite"), False, True),
        (replace(CELL, dtype="float64"), False, True),
        (replace(CELL, role="log_softmax"), False, True),
        (replace(CELL, verdict="crashed"), False, False),
        (replace(CELL, severity="critical"), False, False),
        (replace(CELL, severity="low"), True, False),
        (HELD, False, False),
    ],
)
def test_a_finding_is_known_by_role_property_and_witness_and_if_it_is_no_graver(
    tmp_path: Path, cell: Cell, known: bool, moved: bool
) -> None:
    made(tmp_path / "b.json", CELL)
    (entry,) = read_baseline(tmp_path / "b.json").entries
    gate = Gate.from_json(Gate([Known(entry.cells[0], entry.causes, moved)]).to_json())
    assert gate.passed(cell).accepted == (KNOWN if known else "")
    assert gate.passed(cell).unexpected == (cell.found and not known)


def test_what_is_less_grave_than_asked_for_does_not_fail() -> None:
    assert Gate(fail_on="critical").passed(CELL).accepted == "high: below --fail-on critical"
    assert Gate(fail_on="high").passed(CELL).unexpected
    assert Gate(fail_on="low").passed(replace(CELL, severity="")).unexpected


def test_an_entry_whose_date_is_past_counts_no_more(tmp_path: Path) -> None:
    made(tmp_path / "b.json", CELL, expires="2020-01-01")
    gate = Gate.of({"baseline": tmp_path / "b.json"}, Replays({}, (), ProjectSettings()))
    assert gate.lines == ["ERROR k.py:f  unknown  its entry has expired"]
    assert gate.passed(CELL).unexpected


def test_an_entry_whose_subject_is_gone_is_told(tmp_path: Path) -> None:
    made(tmp_path / "b.json", CELL, word="gone/k.py:f")
    gate = Gate.of({"baseline": tmp_path / "b.json"}, Replays({}, (), ProjectSettings()))
    assert gate.summary == "baseline: 0 fixed, 0 still, 0 worse, 0 error, 1 gone"
    assert "subject file 'gone/k.py' does not exist" in gate.lines[0]
    assert not gate.failed
    assert gate.rows[0]["status"] == "GONE"
    strict = Gate.of({"baseline": tmp_path / "b.json", "strict": True}, Replays({}, (), ProjectSettings()))
    assert strict.failed
    assert strict.summary.endswith("; what is gone stands in it still, which --strict does not let pass")
    made(tmp_path / "b.json", CELL, word="not_installed:f")  # which may be so here alone
    assert not Gate.of({"baseline": tmp_path / "b.json", "strict": True}, Replays({}, (), ProjectSettings())).failed


def test_what_is_still_so_is_counted_and_what_is_to_go_is_a_line_an_entry() -> None:
    other = replace(CELL, subject="k.py:g")
    rows = [
        ([CELL, replace(CELL, dtype="float64")], ["FIXED", "FIXED"]),
        ([replace(CELL, property="mask"), replace(CELL, property="axis")], ["STILL", "FIXED"]),
        ([other], ["WORSE"]),
        ([replace(other, subject="h")], ["GONE"]),
    ]
    told = [Told(Entry(c, "", row={"cause": "unknown"}), s, [f"{s[0]} {c[0].subject}"]) for c, s in rows]
    gate = Gate(told=told, expired=["ERROR x  its entry has expired"])
    assert gate.brief == [
        "ERROR x  its entry has expired",
        "WORSE k.py:g",
        "FIXED k.py:f  unknown  accuracy, in float32 and float64: its entry in the baseline is to go",
        "FIXED k.py:f  unknown  axis, in float32: a part of its entry in the baseline is to go",
        "GONE h  unknown  accuracy, in float32: its entry in the baseline is to go",
    ]
    assert gate.summary == "baseline: 1 fixed, 1 still, 1 worse, 0 error, 1 gone, 1 expired"
    assert not Gate(told=told[1:2]).failed
    assert Gate(told=told[1:2], strict=True).failed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r | {"schema": "extremum.baseline/9"}, "schema='extremum.baseline/9' is not 'extremum.baseline/2'"),
        (lambda r: [], "schema=None is not 'extremum.baseline/2'"),
        (lambda r: {"schema": r["schema"]}, "key 'entries' is missing: a list is needed"),
        (lambda r: r | {"entries": [1]}, "entries[0]=1 is not valid: an object is needed"),
        (lambda r: r | {"entries": [{}]}, "key 'entries[0].subject' is missing: text is needed"),
        (lambda r: edited(r, cells=[]), "entries[0].cells is empty: a cell that fails is needed"),
        (lambda r: edited(r, cells=[{}]), "key 'entries[0].cells[0].verdict' is missing: text is needed"),
        (lambda r: edited(r, dtypes=["float64"]), "entries[0].dtypes=['float64'] are not those of its cells"),
        (lambda r: edited(r, cause=None), "entries[0].cause=None is not valid: text is needed"),
        (lambda r: edited(r, severity=["x"]), "entries[0].severity=['x'] is not known: valid: critical"),
        (lambda r: of_cell(r, severity="nonsense"), "entries[0].cells[0].severity='nonsense' is not known: valid:"),
        (lambda r: of_cell(r, simplest=None), "key 'entries[0].cells[0].simplest' is missing"),
        (lambda r: r | {"audited": [["softmax"]]}, "audited has ['softmax']: a role and a subject are needed"),
        (lambda r: of_cell(r, verdict="held"), "entries[0].cells[0].verdict='held' is no finding"),
        (lambda r: edited(r, expires="soon"), "entries[0].expires='soon' is not a date; write 2026-12-31, or nothing"),
        (lambda r: edited(r, reason=3), "entries[0].reason=3 is not valid: text is needed"),
        (lambda r: of_cell(r, dtype="f"), "entries[0].cells[0].dtype='f' is not known: valid:"),
    ],
)
def test_a_baseline_that_is_not_one_is_refused_with_file_key_and_what_would_be_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    made(tmp_path / "b.json", CELL)
    content = json.dumps(change(json.loads((tmp_path / "b.json").read_text())))
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(UsageError) as caught:
        read_baseline(Path("b.json"))
    assert str(caught.value).startswith(f"'b.json': {message}")
    (tmp_path / "report.json").write_text("{")
    for words in (["baseline", "report.json", "-o", "b.json"], ["audit", "naive", "--baseline", "b.json", "-n", "0"]):
        done = CliRunner().invoke(main, words)
        assert (done.exit_code, len(done.output.strip().splitlines())) == (4, 1), done.output
    assert (tmp_path / "b.json").read_text() == content


def test_a_gate_is_green_by_its_baseline_red_for_what_is_new_and_tells_what_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kernels = tmp_path / "k.py"
    kernels.write_text(KERNELS)
    (tmp_path / "pyproject.toml").write_text(SETTINGS.replace("baseline", "# baseline"))

    update = ("baseline", "extremum-report/report.json", "-o", "known.json")

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, [*words, *(("-n", "0") if words[0] == "audit" else ())])

    assert run("audit").exit_code == 1
    assert "known.json: 2 entries, 2 new, 0 gone" in run(*update).output
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    done = run("audit")
    assert (done.exit_code, "baseline: 0 fixed, 2 still, 0 worse, 0 error" in done.output) == (0, True), done.output
    record = json.loads(Path("extremum-report/report.json").read_text())
    jsonschema.validate(record, SCHEMA)
    assert [c["accepted"] for c in record["cells"]] == [KNOWN] * 2

    kernels.write_text(MENDED)
    done = run("audit", "--strict")
    assert (done.exit_code, "baseline: 1 fixed, 1 still, 0 worse, 0 error" in done.output) == (1, True), done.output
    assert run("replay", "known.json").exit_code == 1
    assert "1 entry, 0 new, 1 gone" in run(*update).output

    kernels.write_text(KERNELS.replace("1.001", "1.01"))  # one is broken again, and one is worse
    done = run("audit")
    assert (done.exit_code, "baseline: 0 fixed, 0 still, 1 worse, 0 error" in done.output) == (1, True), done.output
    accepted = [c.get("accepted") for c in json.loads(Path("extremum-report/report.json").read_text())["cells"]]
    assert accepted == [None, None]


def test_an_entry_whose_subject_was_gone_goes_when_the_baseline_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made(tmp_path / "b.json", CELL, replace(CELL, subject="k.py:g"))
    rows: list[dict[str, Any]] = [{**{name: getattr(CELL, name) for name in TOLD}, "cause": "x", "status": "GONE"}]
    Path("report.json").write_text(lines(Record([], environment={"baseline": rows}).to_json()))
    done = CliRunner().invoke(main, ["baseline", "report.json", "-o", "b.json"])
    assert done.output.splitlines() == ["gone: k.py:f  unknown  accuracy, in float32", "b.json: 1 entry, 0 new, 1 gone"]
    rows[0]["status"] = 3
    Path("report.json").write_text(json.dumps(Record([], environment={"baseline": rows}).to_json()))
    done = CliRunner().invoke(main, ["baseline", "report.json", "-o", "b.json"])
    assert (done.exit_code, "environment.baseline[0].status=3 is not valid: text is needed" in done.output) == (4, True)
