"""Proofs by exhaustion: the domains, tallies that do not depend on how they are cut, checkpoints, and the command."""

from __future__ import annotations

import importlib
import io
import json
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from extremum.properties import exhaustive
from extremum.properties.exhaustive import DOMAINS, Tally, concluded, pointwise, provable, scan
from extremum.properties.finding import Cell
from extremum.properties.roles import role_named
from extremum.reference.errors import UsageError
from extremum.reference.formats import FORMATS
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import Subject, named, subjects
from extremum.reports import exhaustive as driver
from extremum.reports import scanning
from extremum.reports.cli import main
from extremum.reports.exhaustive import State, Wanted, find
from extremum.reports.fingerprint import fingerprint

SCHEMA = Path(driver.__file__).with_name("report.schema.json")
SMALL = ("float8_e4m3fn", "float8_e5m2")


def whole(role: str, name: str, domain: str, dtype: str, block: int = exhaustive.BLOCK) -> dict[str, Tally]:
    (subject,) = named(name, role)
    d, fmt = DOMAINS[domain], FORMATS[dtype]
    return scan(subject, role_named(role), pointwise(role_named(role)), d, fmt, (0, d.size(fmt)), block)


def cells(role: str, name: str, domain: str, dtype: str) -> dict[str, Cell]:
    (subject,) = named(name, role)
    found = whole(role, name, domain, dtype)
    return {
        p.name: concluded(subject, role_named(role), p, DOMAINS[domain], FORMATS[dtype], found[p.name])
        for p in pointwise(role_named(role))
    }


def audit(folder: Path, *words: str) -> Result:
    given = ["audit", *words, "--report-dir", str(folder), "--json", str(folder / "out.json")]
    return CliRunner().invoke(main, given)


# The domains


@pytest.mark.parametrize("dtype", [*SMALL, "float16", "bfloat16"])
def test_gaps_are_every_finite_float_from_0_on(dtype: str) -> None:
    fmt = FORMATS[dtype]
    rows = DOMAINS["gaps"].rows(fmt, 0, DOMAINS["gaps"].size(fmt)).astype(np.float64)
    assert (rows[:, 1] == 0).all()
    assert rows[0, 0] == 0
    assert rows[-1, 0] == fmt.max
    assert (np.diff(rows[:, 0]) > 0).all()
    assert len(rows) == fmt.largest_ordinal + 1


@pytest.mark.parametrize("dtype", SMALL)
def test_pairs_are_every_pair_of_finite_bit_patterns_and_none_twice(dtype: str) -> None:
    fmt, d = FORMATS[dtype], DOMAINS["pairs"]
    patterns = [tuple(row) for row in d.rows(fmt, 0, d.size(fmt)).view(fmt.bits)]
    every = np.arange(256, dtype=np.uint8).view(np.int8)
    finite = every[np.isfinite(every.view(fmt.dtype).astype(np.float64))].tolist()
    assert len(patterns) == len(set(patterns)) == d.size(fmt)
    assert set(patterns) == set(product(finite, finite))


def test_the_sizes_are_those_of_the_formats() -> None:
    assert DOMAINS["gaps"].size(FORMATS["float32"]) == 2_139_095_040
    assert DOMAINS["pairs"].size(FORMATS["float16"]) == 63_488**2
    part = DOMAINS["pairs"].rows(FORMATS["float16"], 10**9, 10**9 + 3)
    assert part.tobytes() == DOMAINS["pairs"].rows(FORMATS["float16"], 10**9 - 5, 10**9 + 5)[5:8].tobytes()


# The scan


@pytest.mark.parametrize("name", ["shifted", "naive", "wide"])
@pytest.mark.parametrize("block", [1, 37, 4096])
def test_the_tally_does_not_depend_on_the_block(name: str, block: int) -> None:
    if block == 1:
        role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float8_e5m2"]
        (subject,) = named(name, "softmax")
        one = scan(subject, role, pointwise(role), d, fmt, (0, d.size(fmt)), 1)
        assert one == whole("softmax", name, "gaps", "float8_e5m2")
    else:
        expected = whole("softmax", name, "pairs", "float8_e5m2")
        assert whole("softmax", name, "pairs", "float8_e5m2", block) == expected


def test_tallies_merge_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive, "KEPT", 50)
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float16"]
    (subject,) = named("naive", "softmax")
    spans = [(0, 9000), (9000, 20_000), (20_000, d.size(fmt))]
    found = [scan(subject, role, pointwise(role), d, fmt, span)["accuracy"] for span in spans]
    merged = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        total = Tally()
        for i in order:
            total.merge(found[i])
        merged.append(Tally.from_json(json.loads(json.dumps(total.to_json()))))
    assert merged[0] == merged[1] == merged[2]
    assert merged[0].rows == d.size(fmt)
    assert merged[0].doubts > len(merged[0].doubtful) == 50
    assert merged[0].worst[0] == np.inf


@pytest.mark.parametrize("role", ["softmax", "log_softmax", "logsumexp", "softmax_jacobian"])
def test_every_sound_reference_is_proved_on_all_pairs_of_8_bits_and_gaps_of_16(role: str) -> None:
    for subject in subjects(role, "reference"):
        for domain, dtype in (("pairs", "float8_e5m2"), ("gaps", "bfloat16")):
            if role == "softmax_jacobian" and domain == "gaps":
                continue  # it is called row by row; the command does it
            for name, cell in cells(role, subject.name, domain, dtype).items():
                declared = subject.may_fail(name, "bfloat16") or subject.may_fail(name, dtype)
                assert cell.verdict == "proved" or declared, (subject.name, name, dtype, cell.verdict, cell.detail)


def test_a_refuted_cell_has_the_smallest_gap_that_fails() -> None:
    cell = cells("softmax", "naive", "gaps", "float16")["finite"]
    assert (cell.verdict, cell.cause, cell.expected) == ("refuted", "exp overflow", True)
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["values"][0] == "0x1.6300000000000p+3"  # 11.09375, where exp is 65,555 > 65,504
    assert cell.examined == 31_744


def test_one_wrong_pair_in_all_is_found() -> None:
    def wrong(x: Any, axis: int = -1) -> Any:
        out = sound.function(x, axis=axis)
        out[(x[:, 0] == 3) & (x[:, 1] == -5)] = 0.25
        return out

    (sound,) = named("wide", "softmax")
    role, d, fmt = role_named("softmax"), DOMAINS["pairs"], FORMATS["float8_e5m2"]
    subject = Subject("wrong", "softmax", wrong)
    prop = next(p for p in pointwise(role) if p.name == "accuracy")
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))["accuracy"]
    cell = concluded(subject, role, prop, d, fmt, tally)
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert [float.fromhex(v) for v in cell.simplest.arguments["x"]["values"]] == [3, -5]


def test_a_subject_that_raises_for_one_row_is_refuted_by_that_row() -> None:
    def raises(x: Any, axis: int = -1) -> Any:
        if (x == 7).any():
            raise ValueError("seven")
        return sound.function(x, axis=axis)

    (sound,) = named("wide", "softmax")
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float8_e5m2"]
    subject = Subject("raises", "softmax", raises)
    prop = next(p for p in pointwise(role) if p.name == "finite")
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))["finite"]
    cell = concluded(subject, role, prop, d, fmt, tally)
    assert (cell.verdict, cell.detail) == ("refuted", "raises ValueError: seven")


def judged_as(function: Any, dtype: str = "float16", name: str = "accuracy") -> Cell:
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS[dtype]
    subject = Subject("it", "softmax", function)
    prop = next(p for p in pointwise(role) if p.name == name)
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))[name]
    return concluded(subject, role, prop, d, fmt, tally)


def test_a_row_that_raises_is_found_wherever_it_stands_in_its_block() -> None:
    def raises(x: Any, axis: int = -1) -> Any:
        if (x == 60000).any():
            raise ValueError("sixty thousand")
        return wide(x, axis)

    cell = judged_as(raises)
    assert (cell.verdict, cell.detail) == ("refuted", "raises ValueError: sixty thousand")
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["values"] == ["0x1.d4c0000000000p+15", "0x0.0p+0"]


def test_an_answer_that_is_wrong_alone_is_no_proof() -> None:
    cell = judged_as(lambda x, axis=-1: wide(x, axis) if len(x) > 1 else np.full_like(x, 0.25))
    assert cell.verdict == "refuted"


def test_an_answer_that_is_another_alone_is_no_proof() -> None:
    def once_up(x: Any, axis: int = -1) -> Any:
        return wide(x, axis) if len(x) > 1 else np.nextafter(wide(x, axis), np.float16(0))

    cell = judged_as(once_up)
    assert (cell.verdict, cell.detail.partition(":")[0]) == (
        "incomplete",
        "the answer to a row alone is another than among others",
    )


def test_a_row_that_is_wrong_beside_another_is_refuted_by_the_two() -> None:
    def neighbour(x: Any, axis: int = -1) -> Any:
        out = wide(x, axis)
        out[1:][x[1:, 0] == 5] = 0
        return out

    cell = judged_as(neighbour)
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["shape"] == [2, 2]


def test_rows_that_fail_among_others_and_not_alone_are_not_proved() -> None:
    def leaks(x: Any, axis: int = -1) -> Any:
        out = sound.function(x, axis=axis)
        out[1:] = out[:-1].copy()
        return out

    (sound,) = named("wide", "softmax")
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float8_e5m2"]
    subject = Subject("leaks", "softmax", leaks)
    prop = next(p for p in pointwise(role) if p.name == "accuracy")
    tally = scan(subject, role, [prop], d, fmt, (0, d.size(fmt)))["accuracy"]
    cell = concluded(subject, role, prop, d, fmt, tally)
    assert cell.verdict == "refuted"


def test_a_part_of_a_domain_proves_nothing() -> None:
    (subject,) = named("wide", "softmax")
    role, d, fmt = role_named("softmax"), DOMAINS["gaps"], FORMATS["float16"]
    prop = pointwise(role)[0]
    cell = concluded(subject, role, prop, d, fmt, scan(subject, role, [prop], d, fmt, (0, 1000))[prop.name])
    assert (cell.verdict, cell.detail) == ("incomplete", "1,000 rows were scanned")


# Checkpoints


def wanted(folder: Path, *subjects: str, part: int, **others: Any) -> Wanted:
    made = Wanted.of(subjects, "gaps", "1", report_dir=str(folder), dtype=["float16"], **others)
    return replace(made, part=part)


def test_what_is_left_is_what_is_not_done() -> None:
    state = State()
    assert list(state.left(10, 4)) == [(0, 4), (4, 8), (8, 10)]
    state.take((4, 8), {"finite": Tally(4)})
    assert list(state.left(10, 4)) == [(0, 4), (8, 10)]
    state.take((8, 10), {"finite": Tally(2)})
    state.take((0, 4), {"finite": Tally(4)})
    assert (state.done, state.rows, state.tallies["finite"].rows) == ([(0, 10)], 10, 10)


def test_a_scan_that_was_killed_goes_on_and_comes_to_the_same(tmp_path: Path) -> None:
    plain = Console(file=io.StringIO())
    once = find(wanted(tmp_path / "once", "naive", part=5000), plain)
    killed = wanted(tmp_path / "killed", "naive", part=777)
    (job,) = killed.jobs
    state = State()
    with scanning.workers(job, 1, None) as crew:
        for span, tallies in crew.parts(list(state.left(job.domain.size(job.fmt), killed.part)), None):
            state.take(span, tallies)
            if state.rows > 9000:
                break  # as a kill does: what comes after the last checkpoint is lost
    checkpoint = killed.checkpoint(job)
    (other,) = wanted(tmp_path / "killed", "naive", part=777, properties=["accuracy"]).jobs
    assert killed.checkpoint(other) != checkpoint
    state.save(checkpoint, job.key)
    done: list[int] = []
    original = State.take
    State.take = lambda self, span, tallies: (done.append(span[1] - span[0]), original(self, span, tallies))[1]  # type: ignore[method-assign]
    try:
        again = find(killed, plain).cells
    finally:
        State.take = original  # type: ignore[method-assign]
    assert sum(done) == job.domain.size(job.fmt) - state.rows
    assert [c.to_json() for c in again] == [c.to_json() for c in once.cells]
    assert not checkpoint.exists()


def test_a_checkpoint_of_another_scan_is_not_gone_on_from(tmp_path: Path) -> None:
    (job,) = wanted(tmp_path, "naive", part=5000).jobs
    state = State()
    state.take((0, 10), {"finite": Tally(10)})
    state.save(tmp_path / "c.json", job.key)
    assert State.load(tmp_path / "c.json", job.key) == state
    assert State.load(tmp_path / "c.json", {**job.key, "dtype": "bfloat16"}) == State()
    (tmp_path / "c.json").write_text("{")
    assert State.load(tmp_path / "c.json", job.key) == State()


def test_a_helper_that_changes_is_another_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    helper = tmp_path / "helper_of_mine.py"
    helper.write_text("def soft(x): return x\n")
    soft = importlib.import_module("helper_of_mine").soft
    before = fingerprint([soft])
    assert before == fingerprint([soft])
    helper.write_text("def soft(x): return 2 * x\n")
    assert before != fingerprint([soft])


def test_a_budget_that_ends_leaves_cells_incomplete_and_a_checkpoint(tmp_path: Path) -> None:
    given = replace(wanted(tmp_path, "naive", part=5000), deadline=0.0)
    told = io.StringIO()
    report = find(given, Console(file=told))
    assert {c.verdict for c in report.cells} == {"incomplete"}
    assert "goes on from where it was" in " ".join(told.getvalue().split())


def test_a_subject_that_never_returns_ends_with_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(
        "import time\ndef my_softmax(x, axis=-1):\n    time.sleep(3600 if len(x) > 100 else 0)\n    return x\n"
    )
    monkeypatch.setattr(scanning, "GRACE", 0.5)
    given = wanted(tmp_path, f"{tmp_path}/mine.py:my_softmax", part=5000)
    report = find(replace(given, deadline=time.monotonic() + 1), Console(file=io.StringIO()))
    assert {c.verdict for c in report.cells} == {"incomplete"}


@pytest.mark.parametrize("where", ["x.ndim and (x != 0).all()", "len(x) == 1", "(x[..., 0] == 5).any()"])
def test_a_subject_that_ends_its_process_never_ends_the_command(tmp_path: Path, where: str) -> None:
    (tmp_path / "mine.py").write_text(
        "import os\nfrom extremum.reference.softmax.wide import wide\n"
        f"def my_softmax(x, axis=-1):\n    if {where}:\n        os._exit(0)\n    return wide(x, axis)\n"
    )
    report = find(wanted(tmp_path, f"{tmp_path}/mine.py:my_softmax", part=2**20), Console(file=io.StringIO()))
    assert {c.verdict for c in report.cells} == {"crashed"}
    assert report.exit_code == 1


def test_a_call_that_does_not_return_is_hung(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import time\nfrom extremum.reference.softmax.wide import wide\n"
        "def my_softmax(x, axis=-1):\n    time.sleep(3600 if (x[..., 0] == 5).any() else 0)\n    return wide(x, axis)\n"
    )
    given = wanted(tmp_path, f"{tmp_path}/mine.py:my_softmax", part=2**20, cell_timeout="2", properties=["finite"])
    (cell,) = find(given, Console(file=io.StringIO())).cells
    assert cell.verdict == "hung"
    assert cell.detail == "one call had not returned: no return in 3 s, again when run alone"


# The command


def test_the_command_proves_and_refutes_whatever_the_number_of_workers(tmp_path: Path) -> None:
    records = []
    for workers in ("1", "2"):
        result = audit(tmp_path / workers, "shifted", "naive", "--exhaustive", "-n", workers)
        assert result.exit_code == 0, result.output
        assert "proved shifted accuracy float16: every row (d, 0) with finite d >= 0: 31,744 rows" in result.output
        records.append(json.loads((tmp_path / workers / "out.json").read_text()))
    jsonschema.validate(records[0], json.loads(SCHEMA.read_text()))
    assert records[0]["cells"] == records[1]["cells"]
    assert {c["verdict"] for c in records[0]["cells"] if c["subject"] == "shifted"} == {"proved"}


def test_a_users_own_softmax_is_refuted_on_pairs(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy as np\ndef my_softmax(x, axis=-1):\n"
        "    e = np.exp(x)\n    return e / e.sum(axis=axis, keepdims=True)\n"
    )
    words = (f"{tmp_path}/mine.py:my_softmax", "--exhaustive", "pairs", "--dtype", "float8_e5m2")
    result = audit(tmp_path / "r", *words)
    assert result.exit_code == 1
    assert "REFUTED  finite  EX101  critical" in result.output
    assert "x = [0, 12]" in result.output


def test_a_row_that_ends_the_process_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import os\nimport numpy as np\nfrom extremum.reference.softmax.wide import wide\n"
        "def my_softmax(x, axis=-1):\n"
        "    if (x[..., 0] == 3.5).any():\n        os._exit(7)\n    return wide(x, axis)\n"
    )
    words = (f"{tmp_path}/mine.py:my_softmax", "--exhaustive", "--dtype", "float16", "--property", "finite,accuracy")
    result = audit(tmp_path / "r", *words)
    assert result.exit_code == 1
    assert result.output.count("the process ended: exit 7, again when run alone") == 2
    assert result.output.count("x = [3.5]") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("shifted", "--exhaustive", "gap"), "exhaustive='gap' is no domain: did you mean 'gaps'?"),
        (("shifted", "--exhaustive", "gaps", "--dtype", "float64"), "float64 has too many, of 32 bits at most"),
        (("shifted", "--exhaustive", "pairs", "--dtype", "float32"), "float32 has too many, of 16 bits at most"),
        (("shifted", "--exhaustive", "gaps", "--property", "axis"), "property='axis' is not decided by one row"),
        (("plain_step", "--exhaustive", "gaps"), "role descent_step takes other arguments than one row"),
        (("shifted", "--exhaustive", "gaps", "--regime", "ties"), "regime=('ties',) goes with a search"),
        (("shifted", "--exhaustive", "gaps", "--budget", "0"), "must be a positive number of seconds"),
    ],
)
def test_what_is_not_valid_is_told_in_one_line(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    result = audit(tmp_path, *words)
    assert result.exit_code == 4
    assert told in result.output
    assert len(result.output.splitlines()) == 1


def test_a_group_is_scanned_where_its_roles_can_be() -> None:
    with pytest.raises(UsageError, match="takes other arguments"):
        provable(role_named("softmax_vjp"), DOMAINS["gaps"], FORMATS["float16"], None)
    made = Wanted.of(["references"], "gaps", report_dir=".")
    assert {j.subject.role for j in made.jobs} == {"softmax", "log_softmax", "logsumexp", "softmax_jacobian"}
