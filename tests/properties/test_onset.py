"""Onsets: where a subject first fails, to the last bit, and the command that finds it."""

from __future__ import annotations

import json
import time
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from extremum.properties.calling.call import Call
from extremum.properties.onset.lines import LINES, grid
from extremum.properties.onset.thresholds import Onset, OnsetSearch, onset
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import adapt, resolve
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.errors import UsageError
from extremum.reports.cli import main
from extremum.reports.commands.onset import OnsetMap

Found = dict[tuple[int, str, str], Onset]


def found(name: str, dtype: str, *lengths: int, role: str | None = None) -> Found:
    subject = resolve(name, role)[0]
    rows = onset(subject, role_named(subject.role), [dtype], lengths)
    return {(row.length, row.line, row.kind): row for row in rows}


def value(v: str | None) -> float:
    assert v is not None
    return float.fromhex(v)


def test_naive_softmax_of_one_entry_overflows_where_exp_does_to_the_last_bit() -> None:
    row = found("naive", "float64", 1)[1, "all-equal", "overflow"]
    assert row.holds_at == (709.782712893384).hex()
    assert row.fails_at == float(np.nextafter(709.782712893384, np.inf)).hex()
    assert row.got == "nan"


@pytest.mark.parametrize("n", [2, 64, 4096])
def test_naive_softmax_of_equal_entries_overflows_where_their_sum_does(n: int) -> None:
    row = found("naive", "float32", n)[n, "all-equal", "overflow"]
    assert value(row.fails_at) == pytest.approx(log(FORMATS["float32"].max / n), rel=1e-6)
    assert row.got == "0"


def test_a_sum_that_underflows_to_zero_is_underflow_and_not_overflow() -> None:
    rows = found("naive", "float64", 4)
    row = rows[4, "all-equal-negative", "underflow"]
    assert value(row.fails_at) == pytest.approx(1075 * log(2), rel=1e-15)
    assert row.got == "nan"
    assert rows[4, "all-equal-negative", "overflow"].fails_at is None


def test_the_quotient_rule_overflows_at_half_of_log_max() -> None:
    fmt = FORMATS["float64"]
    rows = found("quotient_rule", "float64", 1, 8)
    for n in (1, 8):
        row = rows[n, "all-equal", "overflow"]
        assert value(row.holds_at) <= log(fmt.max) / 2 - log(n) < value(row.fails_at) * (1 + 1e-15)
        assert value(row.fails_at) == pytest.approx(354.891356446692 - log(n), rel=1e-14)


@pytest.mark.parametrize("name", ["wide", "shifted"])
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_a_softmax_with_a_shift_fails_nowhere(name: str, dtype: str) -> None:
    assert {row.fails_at for row in found(name, dtype, 1, 2, 33).values()} == {None}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_two_ends_are_neighbours_and_decided_alone(dtype: str) -> None:
    fmt, subject = FORMATS[dtype], resolve("naive", None)[0]
    rows = [row for row in found("naive", dtype, 2, 128).values() if row.fails_at and row.holds_at]
    assert rows
    for row in rows:
        low, high = (int(fmt.ordinal(np.asarray(value(v), fmt.dtype))) for v in (row.holds_at, row.fails_at))
        assert high - low == 1
        line = next(line for line in LINES if line.name == row.line)
        search = OnsetSearch(Call(subject), role_named("softmax"), fmt, row.length, line)
        kind = next(kind for kind in search.kinds if kind.name == row.kind)
        assert not search.at(low, kind).refuted
        assert search.at(high, kind).refuted


def test_a_long_row_of_zeros_leaves_the_bound_where_the_sum_is_in_bfloat16() -> None:
    row = found("naive", "bfloat16", 2048)[2048, "all-equal", "bound"]
    assert (row.holds_at, row.fails_at) == (None, "0x0.0p+0")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "n"), [("naive", 2**16), ("quotient_rule", 256)])
def test_a_sum_of_ones_or_its_square_overflows_float16_at_zero(name: str, n: int) -> None:
    rows = found(name, "float16", n)
    for line in LINES:
        overflow = rows[n, line.name, "overflow"]
        assert (overflow.holds_at, overflow.fails_at) == (None, "0x0.0p+0")


def test_flushed_probabilities_are_underflow_where_they_would_be_subnormal() -> None:
    row = found("subnormals_flushed", "float64", 2)[2, "gap", "underflow"]
    assert value(row.fails_at) == pytest.approx(-log(FORMATS["float64"].tiny), rel=1e-15)
    assert row.got == "0"


def test_the_logarithm_of_a_probability_that_underflowed_is_underflow() -> None:
    rows = found("log_of_softmax", "float32", 2)
    for line in ("gap", "one-among-zeros"):
        assert value(rows[2, line, "underflow"].fails_at) == pytest.approx(150 * log(2), rel=1e-6)
        assert rows[2, line, "underflow"].got == "-inf"
        assert rows[2, line, "overflow"].fails_at is None


def test_a_right_zero_accuses_nobody() -> None:
    """exp(-v) below half of the smallest subnormal, a difference that cancels, and a sum that absorbs."""
    for name, role in (("wide", "softmax"), ("wide_logsumexp", "logsumexp"), ("diag_minus_outer", "softmax_jacobian")):
        rows = found(name, "float32", 1, 2, 8, role=role)
        assert {row.fails_at for row in rows.values() if row.kind != "bound"} == {None}


@pytest.mark.parametrize("role", ["softmax_vjp", "cross_entropy", "cross_entropy_gradient"])
def test_the_other_arguments_are_the_same_all_along_the_line(role: str) -> None:
    subject = next(s for s in resolve("references", role))
    search = OnsetSearch(Call(subject, role_named(role).signature), role_named(role), FORMATS["float32"], 5, LINES[1])
    one, two = search.arguments([3]), search.arguments([7, 3])
    for name in list(one)[1:]:
        assert (two[name] == one[name]).all()
    assert (search.arguments([7, 3])[next(iter(one))][1] == one[next(iter(one))][0]).all()


def test_the_grid_is_of_the_format_and_has_its_ends() -> None:
    for fmt in FORMATS.values():
        for n in (1, 1000, 2**17):
            points = grid(fmt, n, n)
            assert points == sorted(set(points))
            assert {0, 1, fmt.largest_ordinal} <= set(points)


def test_a_subject_that_raises_fails_from_there_on_in_every_kind() -> None:
    def strict_softmax(x: Any, axis: int = -1) -> Any:
        if np.abs(x).max() > 100:
            raise ValueError("too large")
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    role = role_named("softmax")
    rows = onset(adapt(strict_softmax, "strict_softmax", role), role, ["float32"], [2])
    for row in rows:
        assert (row.holds_at, row.fails_at) == ((100.0).hex(), float(np.nextafter(np.float32(100), 200)).hex())
        assert row.got == "raises ValueError: too large"


def test_a_subject_that_hangs_or_refuses_a_dtype_is_left_out_and_said_so() -> None:
    def slow_softmax(x: Any, axis: int = -1) -> Any:
        if x.dtype == np.float16:
            raise TypeError("no half precision")
        if x.shape[axis] == 2 and x[..., -1].max() > 50:
            time.sleep(30)
        return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)

    role, notes = role_named("softmax"), list[str]()
    rows = onset(
        adapt(slow_softmax, "slow", role), role, ["float16", "float32"], [1, 2], timeout=1.0, tell=notes.append
    )
    assert {(row.dtype, row.length) for row in rows} == {("float32", 1)}
    assert "does not take float16" in notes[0]
    assert "at n = 2 took more than 1 s" in notes[1]


def test_a_role_has_no_onsets_beyond_its_longest_row() -> None:
    subject = resolve("quotient_rule", None)[0]
    with pytest.raises(UsageError, match="length=258 is not from 1 to 257"):
        onset(subject, role_named(subject.role), ["float64"], [258])


def command(*words: str) -> Result:
    return CliRunner().invoke(main, ["onset", *words])


def test_the_command_prints_a_table_and_writes_a_record_and_a_picture(tmp_path: Path) -> None:
    record, picture = tmp_path / "map.json", tmp_path / "map.svg"
    words = ("naive", "--dtype", "float64,float16", "--length", "1", "--length", "2")
    done = command(*words, "--json", str(record), "--plot", str(picture))
    assert done.exit_code == 0, done.output
    assert "naive: role softmax" in done.output
    assert "709.782712893384 0x1.62e42fefa39efp+9 709.7827128933841 nan" in " ".join(done.output.split())
    kept = json.loads(record.read_text())
    assert kept["schema"] == "extremum.onset/1"
    assert kept["subject"] == "naive"
    assert OnsetMap.from_json(kept).to_json() == kept
    assert {row["dtype"] for row in kept["rows"]} == {"float64", "float16"}
    assert {"subject", "role", "length", "line", "kind", "holds_at", "fails_at"} <= set(kept["rows"][0])
    assert "<svg" in picture.read_text()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_every_subject_of_a_name_has_its_rows(tmp_path: Path) -> None:
    done = command("scipy", "--dtype", "float32", "--length", "2", "--json", str(tmp_path / "map.json"))
    assert done.exit_code == 0, done.output
    rows = json.loads((tmp_path / "map.json").read_text())["rows"]
    assert {row["role"] for row in rows} == {
        "softmax",
        "log_softmax",
        "logsumexp",
        "sigmoid",
        "softplus",
        "log_sigmoid",
    }
    assert {row["subject"] for row in rows} == {"scipy"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("naif",), "did you mean 'naive'"),
        (("naive", "--dtype", "float31"), "did you mean 'float32'"),
        (("naive", "--role", "softmx"), "did you mean 'softmax'"),
        (("naive", "--length", "0"), "length=0 is not from 1 to 262,144"),
        (("naive", "--length", "262145"), "length=262145 is not from 1 to 262,144"),
        (("quotient_rule", "--length", "512"), "length=512 is not from 1 to 257"),
        (("naive", "--length", "-3"), "length='-3' is not a whole number"),
        (("naive", "--length", "many"), "length='many' is not a whole number"),
        (("symmetrised_form",), "has no onsets"),
        (("softplus_gradient",), "has no onsets"),
        (("naive", "--plot", "map.txt"), "ends in .png or .svg"),
        ((), "SUBJECT"),
    ],
)
def test_what_is_not_valid_is_one_line_and_exit_code_4(words: tuple[str, ...], said: str) -> None:
    done = command(*words)
    assert done.exit_code == 4
    assert said in done.output
    assert len(done.output.strip().splitlines()) == 1
