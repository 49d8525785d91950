"""A finding as text: the usual fix, the command that judges it again, how far off it is, and its input in a line."""

from __future__ import annotations

from typing import Any

import pytest

from extremum.properties.values.finding import Cell, Witness
from extremum.reports.record.findings import Finding, Sign
from extremum.reports.record.numbers import exact_text
from extremum.reports.record.record import Record
from extremum.reports.record.text import argument_text
from extremum.reports.views.finding_text import command, paragraphs, usual_fix

ZERO = {"x": {"dtype": "float32", "shape": [1, 1], "layout": "C", "values": ["0x0.0p+0"]}}


def finding(prop: str = "finite", verdict: str = "refuted", **witness: Any) -> Finding:
    """A finding of one cell, whose cause is not known."""
    seen = Witness(ZERO, "ordinary", witness.pop("measured", 9.0), 1.0, **witness)
    return Finding(
        [Sign(Cell("k.py:f", "softmax", prop, "EX101", "float32", verdict, simplest=seen), "simplest")], "unknown"
    )


def test_the_usual_fix_is_that_of_the_property_but_where_an_experiment_rules_it_out() -> None:
    assert usual_fix(finding()).startswith("Subtract the maximum of each row first.")
    assert usual_fix(finding(refutes=["finite float32"])).startswith("Not known. Look at the input")
    assert usual_fix(finding(refutes=["finite float32"], correction="shift")).startswith("Subtract")
    assert usual_fix(finding(verdict="crashed")) == ""
    assert usual_fix(finding("no such property")) == ""


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["--effort", "thorough", "--examples=500"], "--effort thorough --examples 500"),
        (["--regime", "ordinary", "--regime", "all-equal"], "--regime ordinary --regime all-equal"),
        (["--cell-timeout", "5s", "--dtype", "float64", "--role", "softmax"], "--cell-timeout 5s"),
        (["--wrap", "w.py:shifted"], "--wrap w.py:shifted"),
    ],
)
def test_the_command_keeps_what_may_decide_the_verdict(words: list[str], kept: str) -> None:
    report = Record([], command=["extremum", "audit", "k.py:f", *words])
    base = "extremum audit k.py:f --role softmax --dtype float32 --property finite"
    again = command(finding(), report)
    assert again.startswith(base)
    assert sorted(again.removeprefix(base).split()) == sorted(kept.split())


def test_the_command_names_the_file_of_a_role() -> None:
    report = Record([], command=["extremum", "audit", "k.py:f", "--role", "roles/mine.py"])
    assert "--role roles/mine.py " in command(finding(), report)


@pytest.mark.parametrize(
    ("got", "exact", "told"),
    [
        ((1e-300).hex(), "8e-300", "8 times too small; "),
        ((-1e-300).hex(), "8e-300", "of the wrong sign; "),
        ((-0.0).hex(), "1.0", ""),
        ("nan", "1.0", ""),
        ((1.0).hex(), "[1.001 +/- 1e-9]", ""),
    ],
)
def test_how_many_times_too_small_or_too_large_it_is(got: str, exact: str, told: str) -> None:
    shown = dict(paragraphs(finding("accuracy", got=got, exact=exact), Record([])))["got"]
    assert shown.partition(": ")[2].startswith(f"{told}9,")


def test_entries_that_are_alike_stand_together() -> None:
    def shown(*values: float) -> str:
        entries = [float(v).hex() for v in values]
        return argument_text({"dtype": "float32", "shape": [len(entries)], "layout": "C", "values": entries})

    assert shown(*[0.0] * 32, 177.5) == "[32 x 0, 177.5]  float32[33]"
    assert shown(*range(9)) == "[0, 1, 2, 3, 4, 5, ...]  float32[9]"
    assert shown(1, 1, 2) == "[1, 1, 2]  float32[3]"


def test_a_ball_about_zero_is_told_by_the_format_however_small_it_is() -> None:
    assert (
        exact_text("[+/- 1.05e-11861185754452790263401115633067708786674]", "float64")
        == "below 4.9e-324, the smallest float64"
    )
    assert exact_text("[+/- 2.66e-55]", "float32") == "below 1.4e-45, the smallest float32"
    assert exact_text("[+/- 2.66e-55]", "float64") == "0 to within 2.66e-55"
