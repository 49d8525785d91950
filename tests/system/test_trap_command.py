"""`extremum trap`: its answer, its record, its report and its errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from extremum.reports.cli import main
from extremum.reports.record.numbers import log10_of

TABLE = {"bfloat16": ("8.3e-03", 3), "float16": ("4.8e-04", 5), "float32": ("1.6e-07", 9), "float64": ("6.1e-17", 22)}
TABLE |= {"x87": ("8.3e-20", 25)}


def trap(*words: str) -> Result:
    return CliRunner().invoke(main, ["trap", *words])


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("trap")
    result = trap("--json", str(folder / "out.json"), "--report-dir", str(folder))
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    assert found == json.loads((folder / "report.json").read_text())
    return {**found, "folder": folder}


def test_the_record_says_that_it_lands_and_stays_exactly(record: dict[str, Any]) -> None:
    assert record["exact"]["lands"] is record["exact"]["stays"] is True
    assert (record["exact"]["first"], record["exact"]["slope"]) == ("pi/2", "1")


@pytest.mark.parametrize("name", TABLE)
def test_a_row_has_the_distance_in_hex_and_the_step_after_which_it_has_left(record: dict[str, Any], name: str) -> None:
    row = next(r for r in record["rows"] if r["format"] == name)
    distance, escapes = TABLE[name]
    assert f"{float.fromhex(row['distance']):.1e}" == distance
    assert row["escapes_after"] == row["predicted"] == escapes


def test_bfloat16_ends_in_a_cycle_of_period_5(record: dict[str, Any]) -> None:
    assert record["rows"][0]["fate"] == "cycle of period 5"


def test_the_map_counts_every_start(record: dict[str, Any]) -> None:
    counts = {m["format"]: m["counts"] for m in record["maps"]}
    assert counts["bfloat16"]["settles at a maximum"] == 31561
    assert {name: sum(c.values()) for name, c in counts.items()} == {"bfloat16": 33602, "float16": 39426}


def test_the_report_holds_the_picture_and_loads_nothing(record: dict[str, Any]) -> None:
    page = (record["folder"] / "report.html").read_text()
    assert page.count("<svg") == 1
    assert "every start, and where it ends" in page
    assert 'src="http' not in page
    assert page.count("<script") == page.count("script-src 'sha256-") == 1
    assert "<i>x</i><sub>1</sub> = \N{GREEK SMALL LETTER PI}/2" in page
    assert "![" in (record["folder"] / "report.md").read_text()
    assert (record["folder"] / "trap.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(("bits", "escapes"), [(103, 41), (336, 133), (99, None)])
def test_any_number_of_bits_is_followed(tmp_path: Path, bits: int, escapes: int | None) -> None:
    result = trap("--dtype", "float32", "--bits", str(bits), "--json", str(tmp_path / "out.json"))
    assert result.exit_code == 0
    row = json.loads((tmp_path / "out.json").read_text())["rows"][1]
    assert (row["format"], row["escapes_after"]) == (f"{bits} bits", escapes)
    assert row["escapes_after"] or row["fate"] == "settles at a maximum"


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--start", "1e300", "--step", "1e300"), ("--start", "1e-300"), ("--step", "1e-99")])
def test_the_ends_of_the_number_line_are_followed(words: tuple[str, ...]) -> None:
    result = trap(*words, "--dtype", "float64,x87", "--bits", "20")
    assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_a_distance_beyond_the_range_of_float64_keeps_its_exponent(tmp_path: Path) -> None:
    trap("--dtype", "float32", "--bits", "3325", "--json", str(tmp_path / "out.json"))
    row = json.loads((tmp_path / "out.json").read_text())["rows"][1]
    assert -1001 < log10_of(row["distance"]) < -1000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "lands", "maximum"),
    [
        (("--f", "quartic", "--start", "2", "--step", "1/2"), False, "1"),
        (("--f", "cubic", "--start", "2", "--step", "1"), True, "-1"),
        (("--f", "hills", "--start", "pi/2", "--step", "pi/2"), True, "pi"),
        (("--f", "bump", "--start", "3", "--step", "4"), False, "0"),
        (("--f", "sin", "--start", "1", "--step", "0.01"), False, "pi/2"),
    ],
)
def test_other_functions_starts_and_steps_are_followed_too(
    tmp_path: Path, words: tuple[str, ...], lands: bool, maximum: str
) -> None:
    result = trap(*words, "--dtype", "bfloat16", "--report-dir", str(tmp_path))
    assert result.exit_code == 0, result.output
    exact = json.loads((tmp_path / "report.json").read_text())["exact"]
    assert (exact["lands"], exact["maximum"]) == (lands, maximum)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--step", "0"), "step='0' is not positive: gradient descent needs a step above 0"),
        (("--step=-pi",), "step='-pi' is not positive: gradient descent needs a step above 0"),
        (("--step", "inf"), "step='inf' is not a finite number: write it as 2pi, 3pi/2, 1/3 or 0.25"),
        (("--step", "nan"), "step='nan' is not a finite number: write it as 2pi, 3pi/2, 1/3 or 0.25"),
        (("--start", "pi/2"), "start='pi/2' is a critical point of sin x: f' is 0"),
        (("--start", "1e999"), "start='1e999' is not a finite number: write it as 2pi, 3pi/2, 1/3 or 0.25"),
        (("--start", "two"), "start='two' is not a finite number: write it as 2pi, 3pi/2, 1/3 or 0.25"),
        (("--start", "1e5"), "start='100000' is beyond the range of float16: choose others with --dtype or --bits"),
        (("--f", "sinus"), "f='sinus' is not a function that extremum knows: did you mean 'sin'? valid: "),
        (("--dtype", "float13"), "dtype='float13' is not a format that a trap is followed in: did you mean "),
        (("--bits", "1"), "bits=1 is not a precision: valid: 2 to 16384"),
        (("--bits", "many"), "Invalid value for '--bits'"),
        (("--json", "/dev/null/x.json"), "json='/dev/null/x.json': there is no folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_4(words: tuple[str, ...], text: str) -> None:
    result = trap(*words)
    assert result.exit_code == 4
    assert result.output.startswith(f"extremum: {text}")
    assert result.output.count("\n") == 1
