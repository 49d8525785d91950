"""Two reports compared: what is new, worse, better and fixed; `extremum diff`, which shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from extremum.properties.values.finding import Cell, Witness
from extremum.reports.cli import main
from extremum.reports.record.changes import compared
from extremum.reports.record.files import lines
from extremum.reports.record.record import Record

HEAD = '{"schema": "extremum.report/3", "seed": 0, "command": [], "cells": [], "environment": '
PLACED = HEAD + '{"named": [{"name": "k.py:f", "line": "three"}]}}'
FOREIGN = HEAD + '{"baseline": [{"role": "a", "subject": "b", "property": "c", "dtype": "d", "code": "e"}]}}'
ONE = {"x": {"dtype": "float32", "shape": [1, 1], "values": ["0x1.0p+0"]}}
TWO = {"x": {"dtype": "float32", "shape": [1, 1], "values": ["0x1.0p+1"]}}


def refuted(subject: str = "k.py:f", *, measured: float | str = 40.0, given: Any = ONE, **fields: Any) -> Cell:
    witness = Witness(given, "ordinary", measured, 4.0, "0x1.0p+0", "2.0", (0, 0))
    cell = Cell(subject, "softmax", "accuracy", "EX105", "float32", "refuted", 9, measured, 4.0, "ulp", cause="unknown")
    return replace(cell, severity="high", simplest=witness, worst=witness, **fields)


def held(subject: str = "k.py:f", prop: str = "accuracy", grade: str = "", seconds: float = 0.0) -> Cell:
    return Cell(subject, "softmax", prop, "EX105", "float32", "held", 9, 1.0, 4.0, "ulp", grade=grade, seconds=seconds)


def record(*cells: Cell) -> Record:
    return Record(list(cells), environment={})


def statuses(old: Sequence[Cell], new: Sequence[Cell]) -> list[str]:
    return [change.status for row in compared(record(*old), record(*new)) for change in row.changes]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ([held()], [refuted()], "NEW"),
        ([], [refuted()], "NEW"),
        ([refuted()], [held()], "FIXED"),
        ([refuted()], [], "UNJUDGED"),
        ([refuted()], [replace(held(), verdict="incomplete")], "UNJUDGED"),
        ([refuted(measured=40.0)], [refuted(measured=43.9)], "STILL"),
        ([refuted(measured=40.0)], [refuted(measured=44.1)], "WORSE"),
        ([refuted(measured=5.0)], [refuted(measured=5.9)], "STILL"),  # less than an ulp more
        ([refuted(measured=44.1)], [refuted(measured=40.0)], "BETTER"),
        ([refuted(measured=40.0)], [refuted(measured="inf")], "WORSE"),
        ([refuted(measured="inf")], [refuted(measured="nan")], "STILL"),
        ([refuted(measured="inf")], [refuted(measured=40.0)], "BETTER"),
        ([refuted()], [replace(refuted(), verdict="crashed")], "WORSE"),
        ([replace(refuted(), verdict="hung")], [refuted()], "BETTER"),
        ([replace(refuted(), verdict="hung")], [replace(refuted(), verdict="crashed")], "STILL"),
        ([held()], [replace(held(), missed=True)], "NEW"),
        ([held()], [replace(refuted(), accepted="known: in the baseline")], "NEW"),
    ],
)
def test_a_cell_is_new_fixed_better_worse_still_or_not_judged(old: list[Cell], new: list[Cell], status: str) -> None:
    assert statuses(old, new) == [status]


def test_what_a_reference_declares_and_what_holds_is_no_change() -> None:
    assert statuses([held()], [replace(refuted(), expected=True)]) == []
    assert statuses([held()], [held()]) == []


def test_a_subject_of_another_name_is_known_by_its_function_or_a_witness() -> None:
    (row,) = compared(record(refuted("old.py:f")), record(refuted("new.py:f", given=TWO)))
    assert (row.subject, row.before, [c.status for c in row.changes]) == ("new.py:f", "old.py:f", ["STILL"])
    (row,) = compared(record(refuted("k.py:f")), record(refuted("k.py:g")))
    assert (row.before, [c.status for c in row.changes]) == ("k.py:f", ["STILL"])
    rows = compared(record(refuted("k.py:f")), record(refuted("k.py:g", given=TWO)))
    assert [(row.subject, [c.status for c in row.changes]) for row in rows] == [
        ("k.py:g", ["NEW"]),
        ("k.py:f", ["UNJUDGED"]),
    ]


def test_the_cells_of_one_finding_are_told_together_and_each_once() -> None:
    overflow = {"cause": "exp overflow"}
    old = [refuted(**overflow), held(prop="mask"), held(prop="finite")]
    new = [refuted(**overflow), refuted(property="mask", **overflow), refuted(property="finite", **overflow)]
    (row,) = compared(record(*old), record(*new))
    assert [(c.status, [n.property for _, n in c.pairs if n]) for c in row.changes] == [
        ("NEW", ["mask", "finite"]),
        ("STILL", ["accuracy"]),
    ]


def diff(folder: Path, old: Record, new: Record) -> Result:
    for name, content in (("old.json", old), ("new.json", new)):
        (folder / name).write_text(lines(content.to_json()))
    return CliRunner().invoke(main, ["diff", str(folder / "old.json"), str(folder / "new.json")])


def test_the_command_tells_what_is_worse_and_exits_with_1(tmp_path: Path) -> None:
    done = diff(tmp_path, record(refuted(cause="sum overflow")), record(refuted(measured=4e4, cause="exp overflow")))
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "k.py:f  softmax",
        "  WORSE    exp overflow: accuracy, in float32; accuracy float32 40,000 ulps, was 40 ulps; "
        "the cause is another: sum overflow before",
        "0 new, 1 worse, 0 better, 0 fixed, 0 still",
    ]


def test_the_command_tells_what_is_fixed_grades_and_the_time_of_verdicts_and_exits_with_0(tmp_path: Path) -> None:
    old = [refuted(), held(prop="mask", grade="within an ulp", seconds=9)]
    new = [held(), held(prop="mask", grade="pairwise", seconds=3)]
    done = diff(tmp_path, record(*old), replace(record(*new), interrupted=True))
    assert done.exit_code == 0
    assert done.output.splitlines()[1:4] == [
        "  FIXED    accuracy fails: accuracy, in float32",
        "  grade    mask in float32: pairwise, was within an ulp",
        "  time     2 cells in 3 s, was 9 s",
    ]
    assert "new.json is interrupted: 2 of 2 cells finished" in done.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        ('{"schema": "extremum.report/3", "cells": [', "is not JSON, or was cut"),
        ('{"schema": "extremum.report/9"}', "schema='extremum.report/9' is not 'extremum.report/4'"),
        ('{"schema": "extremum.trap/1"}', "schema='extremum.trap/1' is not 'extremum.report/4'"),
        (PLACED, "environment.named[0].line='three' is not a whole number, as text"),
        (FOREIGN, "environment.baseline[0].status' is missing: text is needed"),
        ("[]", "it has no key 'schema': a report.json of extremum is needed"),
    ],
)
def test_what_is_no_report_is_refused_in_a_line(tmp_path: Path, content: str | None, message: str) -> None:
    diff(tmp_path, record(), record())
    path = tmp_path / "new.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    done = CliRunner().invoke(main, ["diff", str(tmp_path / "old.json"), str(path)])
    assert (done.exit_code, len(done.output.splitlines())) == (4, 1), done.output
    assert message in done.output
    assert "new.json" in done.output
