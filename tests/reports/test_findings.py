"""Findings: one defect, one finding, in every view; two defects are two."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any

import jsonschema
import numpy as np
import pytest
from record_schema import SCHEMA
from rich.console import Console

from extremum.properties.diagnosis.cause_table import CAUSES
from extremum.properties.diagnosis.corrections import CORRECTIONS
from extremum.properties.roles.registry import roles
from extremum.properties.values.finding import Cell, Witness
from extremum.reports import Report, audit
from extremum.reports.record.findings import MISSED, findings_of
from extremum.reports.record.numbers import counted, decimals, exact_text, short_hex
from extremum.reports.views.answer import answers, shown
from extremum.reports.views.html import page
from extremum.reports.views.markdown import text
from extremum.reports.views.summary import Detail, summary

Softmax = Callable[..., Any]
VALUES = ("finite", "sum_to_one", "accuracy", "shift_invariance", "mask")
ZERO = {"x": {"dtype": "float32", "shape": [1, 1], "layout": "C", "values": ["0x0.0p+0"]}}


def no_shift(x: Any, axis: int = -1) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def no_shift_and_last_axis(x: Any, axis: int = -1) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def no_shift_and_off_in_float64(x: Any, axis: int = -1) -> Any:
    p = no_shift(x, axis)
    return p * (1 - 1e-9) if x.dtype.itemsize == 8 else p


def scaled(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True) * 0.9).astype(x.dtype)


def squashed(x: Any, axis: int = -1) -> Any:
    s = scaled(x, axis)
    return (s - s * s / 5).astype(x.dtype)


def writes(x: Any, axis: int = -1) -> Any:
    x -= x.max(axis=axis, keepdims=True)
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def audited(f: Softmax, dtypes: Sequence[str], properties: Sequence[str]) -> Report:
    return audit(f, "softmax", dtypes=dtypes, properties=properties, examples=4)


def causes(report: Report) -> list[str]:
    return [finding.cause for finding in report.findings]


@pytest.fixture(scope="module")
def unshifted() -> Report:
    return audited(no_shift, ("float32", "float16"), VALUES)


def shown_on_a_terminal(report: Report, detail: Detail = Detail.FINDINGS) -> list[str]:
    console = Console(file=StringIO(), width=80, color_system=None)
    summary(report, console, detail)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def test_one_missing_shift_is_one_finding_of_every_cell_that_it_fails(unshifted: Report) -> None:
    (finding,) = unshifted.findings
    assert finding.cause == "exp overflow"
    assert finding.severity == "critical"
    assert {c.key for c in finding.cells} == {c.key for c in unshifted.cells if c.found}
    assert len(finding.cells) > 6
    assert finding.fix == CAUSES["exp overflow"].fix


def test_its_answer_tells_what_since_where_and_the_fix_in_few_lines(unshifted: Report) -> None:
    lines = shown_on_a_terminal(unshifted)
    assert lines[:2] == [
        "no_shift is not sound in float32 and float16: exp overflows from 88.72284 up and",
        "gives NaN. Subtract the row's maximum first.",
    ]
    assert len(lines) <= 17
    assert max(map(len, lines)) <= 80


@pytest.mark.slow
def test_a_missing_shift_and_a_wrong_axis_are_two_findings() -> None:
    report = audited(no_shift_and_last_axis, ("float32",), ("finite", "accuracy", "axis"))
    assert causes(report) == ["exp overflow", "wrong axis"]
    assert report.findings[1].properties == ["axis"]


def test_a_wrong_formula_behind_a_missing_shift_is_a_finding_of_its_own() -> None:
    report = audited(no_shift_and_off_in_float64, ("float64", "float32"), ("finite", "accuracy"))
    shift, formula = report.findings
    assert (shift.cause, shift.dtypes) == ("exp overflow", ["float64", "float32"])
    assert (formula.cause, formula.properties, formula.dtypes) == ("unknown", ["accuracy"], ["float64"])


def test_what_one_correction_hides_is_looked_for_under_it() -> None:
    # The simplest and the worst witness of this cell overflow; without the shift all its sums are off as well.
    (cell,) = audited(no_shift, ("bfloat16",), ("accuracy",)).cells
    assert cell.simplest is not None
    assert cell.worst is not None
    assert cell.beneath is not None
    assert cell.simplest.correction == cell.worst.correction == "shift"
    assert (cell.beneath.cause, cell.beneath.correction) == ("accumulator stagnation", "float32")


def test_a_loss_hides_what_is_added_up_wrongly_after_it_and_says_to_fix_it_first() -> None:
    report = audited(no_shift, ("bfloat16",), ("accuracy",))
    (finding,) = report.findings
    assert finding.first
    assert [hidden.cause for hidden in finding.hides] == ["accumulator stagnation"]
    assert "Fix this first" in str(report)
    assert "Fix this first" in page(report)


def test_one_wrong_formula_is_one_finding_in_every_property_and_dtype() -> None:
    report = audited(squashed, ("float64", "float32"), ("sum_to_one", "accuracy"))
    (finding,) = report.findings
    assert len(finding.cells) == 4
    assert "it gives 0.738, not 1, at x = [0]" in str(report).replace("\n", " ")


def test_an_argument_that_is_written_into_is_one_finding_where_a_read_only_one_raises() -> None:
    report = audited(writes, ("float32",), ("layout", "purity"))
    assert causes(report) == ["input mutated"]
    assert report.findings[0].properties == ["layout", "purity"]


def test_the_record_has_the_findings_and_gives_them_back(unshifted: Report) -> None:
    record = json.loads(json.dumps(unshifted.to_json()))
    jsonschema.validate(record, SCHEMA)
    again = Report.from_json(record)
    assert [f.to_json() for f in again.findings] == record["findings"]
    assert record["findings"][0]["simplest"] == {
        "property": "finite",  # the most severe
        "dtype": "float32",
        "witness": "simplest",
    }


@pytest.mark.parametrize("f", [no_shift, scaled])
def test_the_count_is_the_same_in_every_view(f: Softmax) -> None:
    report = audited(f, ("float32",), ("finite", "accuracy"))
    count = len(report.to_json()["findings"])
    assert report.summary["findings"] == count == 1
    assert "1 finding in 2 cells" in str(report)
    assert page(report).count('<article class="finding"') == count
    assert len(re.findall(r"^### ", text(report), re.MULTILINE)) == count
    assert "<h1>1 finding, in" in page(report)


@pytest.mark.parametrize("render", [page, text, str])
def test_every_view_begins_with_the_answer(unshifted: Report, render: Callable[[Report], str]) -> None:
    shown_text = " ".join(re.sub(r"<[^>]+>", " ", render(unshifted).replace("&#39;", "'")).split())
    place = shown_text.index("is not sound in float32 and float16: exp overflows from 88.72284 up and gives NaN.")
    assert 0 < place < shown_text.index("88.72284]")


# Made by hand: what the grouping does with what the symptoms tell.


def cell(prop: str, dtype: str = "float32", subject: str = "f.py:f", **told: Any) -> Cell:
    witness = Witness(ZERO, "ties", 9.0, 1.0, "0x1.0p-1", "1.0", (0, 0), **told)
    kept = Cell(subject, "softmax", prop, "EX105", dtype, "refuted", 9, 9.0, 1.0, "ulp", severity="high")
    return replace(kept, simplest=witness, worst=witness, cause=told.get("cause", "unknown"))


def test_cells_that_do_not_refute_each_other_stay_apart() -> None:
    one = cell("accuracy", refutes=["accuracy float32", "sum_to_one float32"])
    two = cell("sum_to_one", refutes=["sum_to_one float32"])
    three = cell("monotone", refutes=["monotone float32"])
    assert [f.properties for f in findings_of([one, two, three])] == [["accuracy", "sum_to_one"], ["monotone"]]


def test_cells_of_two_subjects_are_never_one_finding() -> None:
    cells = [cell("accuracy", subject=f"f.py:{name}", cause="wrong axis") for name in "ab"]
    assert [f.subject for f in findings_of(cells)] == ["f.py:a", "f.py:b"]


def test_what_is_cleared_by_one_correction_is_named_by_the_first_of_its_causes() -> None:
    told = ("underflow to zero", "exp overflow", "unknown")
    cells = [cell(p, cause=c, correction="shift") for p, c in zip(("mask", "finite", "monotone"), told, strict=True)]
    (finding,) = findings_of(cells)
    assert finding.cause == "exp overflow"
    assert finding.properties == ["mask", "finite", "monotone"]


def test_a_sum_that_stagnates_where_nothing_is_lost_is_a_finding_of_its_own() -> None:
    loss = cell("finite", cause="exp overflow", correction="shift")
    stagnates = cell("accuracy", "float16", cause="accumulator stagnation", correction="float32")
    assert [f.cause for f in findings_of([loss, stagnates])] == ["exp overflow", "accumulator stagnation"]


def test_crashes_alike_are_one_finding_and_others_are_more() -> None:
    cells = [cell(p) for p in ("finite", "accuracy", "mask")]
    for c, (verdict, detail) in zip(
        cells, [("crashed", "SIGSEGV in 3 s"), ("crashed", "SIGSEGV in 4 s"), ("hung", "no return")], strict=True
    ):
        c.verdict, c.detail = verdict, detail
    assert [(f.cause, f.properties) for f in findings_of(cells)] == [
        ("crashed", ["finite", "accuracy"]),
        ("hung", ["mask"]),
    ]


def test_what_is_declared_stands_last_and_what_did_not_come_is_said() -> None:
    declared = replace(cell("finite", cause="exp overflow"), expected=True, severity="critical")
    missed = replace(cell("mask"), verdict="held", missed=True, simplest=None, worst=None, severity="")
    found = findings_of([declared, missed, cell("accuracy", subject="g", cause="wrong axis")])
    assert [f.cause for f in found] == ["wrong axis", MISSED, "exp overflow"]
    assert [f.expected for f in found] == [False, False, True]


def many(unsound: int, declared: int, sound: int) -> Report:
    cells = [cell("accuracy", subject=f"u{i}", cause="exp overflow") for i in range(unsound)]
    cells += [replace(cell("accuracy", subject=f"d{i}"), expected=True) for i in range(declared)]
    cells += [Cell(f"s{i}", "softmax", "finite", "EX101", "float32", "held", 9) for i in range(sound)]
    return Report(cells, 0, ["extremum", "audit"], environment={})


def test_of_many_subjects_the_unsound_have_a_sentence_and_declared_failures_come_with_v_alone() -> None:
    report = many(9, 20, 25)
    plain, verbose = shown_on_a_terminal(report), shown_on_a_terminal(report, Detail.CELLS)
    assert len(plain) < 55  # a header and the place of the report come besides: under 60 in all
    assert sum(line.startswith("u") for line in plain) == 9
    assert "25 subjects are sound; 20 fail as declared, and nowhere else." in plain
    assert "and 8 more findings: -v shows them in full" in plain
    assert not [line for line in plain if line.startswith(("d1", "s1"))]
    assert sum(line.startswith(("d1 ", "s1 ")) for line in verbose) >= 2


def test_the_answer_alone_is_a_sentence_a_subject() -> None:
    assert shown_on_a_terminal(many(1, 0, 2), Detail.ANSWER) == [
        "u0 is not sound in float32: exp overflows at 0. Take exponentials of what is",
        "never positive.",
        "s0 held in float32, as far as asked: 1 of 17 properties.",
        "s1 held in float32, as far as asked: 1 of 17 properties.",
    ]


def test_a_subject_is_sound_where_all_properties_were_asked_for() -> None:
    cells = [Cell("f", "softmax", p.name, p.code, "float32", "held", 9) for p in roles()["softmax"].properties]
    (whole,), (part,) = (shown(answers(Report(of, environment={})))[0] for of in (cells, cells[:-1]))
    assert whole.sentence == "is sound in float32."
    assert part.sentence == f"held in float32, as far as asked: {len(cells) - 1} of {len(cells)} properties."


def test_with_v_every_cell_has_its_name_its_dtype_and_its_verdict(unshifted: Report) -> None:
    lines = " ".join(shown_on_a_terminal(unshifted, Detail.CELLS))
    for name in VALUES:
        assert re.search(rf"\b{name} +refuted float32 float16", lines), name


def test_sound_dtypes_are_told_beside_those_that_fail() -> None:
    cells = [
        Cell("f", "softmax", "accuracy", "EX105", "float64", "held", 9, 2.0, 10.0, "ulp", grade="pairwise bound"),
        cell("accuracy", "float16", subject="f", cause="accumulator stagnation"),
    ]
    (answer,), _ = shown(answers(Report(cells, environment={})))
    assert answer.sentence == (
        "holds in float64 (2 of 10 ulps allowed, pairwise bound); in float16 its sum stagnates at x = [0]. "
        "Add up in float32 or wider, or pairwise."
    )


def test_every_cause_has_its_fix_in_a_sentence_and_known_corrections() -> None:
    for name, cause in CAUSES.items():
        assert cause.brief.endswith("."), name
        assert {*cause.corrections} <= {*CORRECTIONS}, name


# Numbers.


@pytest.mark.parametrize(
    ("exact", "dtype", "told"),
    [
        ("[5.92e-274248308 +/- 1e-274248330]", "float32", "below 1.4e-45, the smallest float32"),
        ("[-5.92e-274248308 +/- 1e-274248330]", "float64", "negative, below 4.9e-324, the smallest float64"),
        ("[3.0e+9000 +/- 1]", "float16", "above 6.55e+04, the largest float16"),
        ("1.000000000000000000000000", "float32", "1"),
        ("[0.3333333333333333333333333 +/- 3.34e-26]", "float32", "0.3333333333"),
        ("[0.3333333333333333333333333 +/- 3.34e-26]", "float64", "0.33333333333333333"),
        ("7.629394531250000000000000e-6", "float32", "7.629394531e-6"),
        ("0", "float32", "0"),
        ("inf", "float32", "inf"),
        ("what the code says", "float32", "what the code says"),
    ],
)
def test_an_exact_value_has_the_digits_that_say_something(exact: str, dtype: str, told: str) -> None:
    assert exact_text(exact, dtype) == told


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (1.0, "outputs", "1 output"),
        (2.0, "outputs", "2 outputs"),
        (1.0, "entries", "1 entry"),
        (1.0, "losses", "1 loss"),
        (2.5, "ulp", "2.5 ulps"),
        (1.0, "ulp", "1 ulp"),
        (838861.0, "ulp", "838,861 ulps"),
        ("inf", "ulp", "inf ulps"),
        (0.5, "value", "0.5"),
    ],
)
def test_a_quantity_is_counted_as_in_a_sentence(value: float | str, unit: str, told: str) -> None:
    assert counted(value, unit) == told


def test_a_float32_is_written_with_its_own_digits() -> None:
    assert short_hex("0x1.62e4300000000p+6") == "0x1.62e43p+6"
    assert short_hex("-inf") == "-inf"
    assert decimals("0x1.62e4300000000p+6", "float32") == "88.72284"
    assert decimals("0x1.0p+0 and nan", "float64") == "1 and nan"


def test_an_exact_zero_is_told_with_how_well_it_is_known() -> None:
    assert exact_text("[+/- 2.66e-55]", "float64") == "0 to within 2.66e-55"


def test_a_wrong_dtype_is_no_matter_of_values_and_one_finding() -> None:
    def wide(x: Any, axis: int = -1) -> Any:
        e = np.exp(x - x.max(axis=axis, keepdims=True)).astype(np.float64)
        return e / e.sum(axis=axis, keepdims=True)

    (finding,) = audited(wide, ("float32", "float16"), ("dtype",)).findings
    assert (finding.correction, finding.dtypes) == ("", ["float32", "float16"])


def test_a_subject_that_no_correction_can_be_made_of_keeps_its_verdict() -> None:
    # The rows of this convention are integers, of which no correction makes anything.
    report = audit(no_shift, "softmax", dtypes=["float32"], properties=["finite"], convention=["integer=float64"])
    assert {c.property: c.verdict for c in report.cells}["integer=float64"] in ("held", "refuted")
