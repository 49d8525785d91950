"""`extremum audit --exhaustive`: parts and checkpoints, workers that a subject may end or never leave; the command."""

from __future__ import annotations

import importlib
import io
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from record_schema import SCHEMA
from rich.console import Console

from extremum.properties.exhaustion.domains import DOMAINS
from extremum.properties.exhaustion.scan import provable
from extremum.properties.roles import softmax
from extremum.properties.roles.registry import role_named
from extremum.properties.values.tally import Tally
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.errors import UsageError
from extremum.reference.subjects.loading import fingerprint
from extremum.reports.cli import main
from extremum.reports.commands.prove import ProofOptions, State, run_proofs
from extremum.reports.driving import proof_workers as workers


def audit(folder: Path, *words: str) -> Result:
    given = ["audit", *words, "--report-dir", str(folder), "--json", str(folder / "out.json")]
    return CliRunner().invoke(main, given)


def proof(folder: Path, *subjects: str, part_rows: int, **others: Any) -> ProofOptions:
    words = {"exhaustive": "gaps", "dtype": ["float16"], "report_dir": str(folder), **others}
    return replace(ProofOptions.of(subjects, words, 1), part_rows=part_rows)


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
    once = run_proofs(proof(tmp_path / "once", "naive", part_rows=5000), plain)
    killed = proof(tmp_path / "killed", "naive", part_rows=777)
    (job,) = killed.jobs
    state = State()
    with workers.workers(job, 1, None) as pool:
        refusal, called = pool.ask(workers.asked_once, deadline=None)
        assert not refusal
        for span, tallies in pool.parts(list(state.left(job.domain.size(job.fmt), killed.part_rows)), None):
            state.take(span, tallies)
            if state.rows > 9000:
                break  # as a kill does: what comes after the last checkpoint is lost
    checkpoint = killed.checkpoint(job)
    (other,) = proof(tmp_path / "killed", "naive", part_rows=777, property=["accuracy"]).jobs
    assert killed.checkpoint(other) != checkpoint
    state.save(checkpoint, job.key(called))
    done: list[int] = []
    original = State.take

    def noted(self: State, span: tuple[int, int], tallies: Mapping[str, Tally]) -> None:
        done.append(span[1] - span[0])
        original(self, span, tallies)

    State.take = noted  # type: ignore[method-assign]
    try:
        again = run_proofs(killed, plain).cells
    finally:
        State.take = original  # type: ignore[method-assign]
    assert sum(done) == job.domain.size(job.fmt) - state.rows
    assert [c.to_json() for c in again] == [c.to_json() for c in once.cells]
    assert not checkpoint.exists()


def test_a_checkpoint_of_another_scan_is_not_gone_on_from(tmp_path: Path) -> None:
    (job,) = proof(tmp_path, "naive", part_rows=5000).jobs
    state = State()
    state.take((0, 10), {"finite": Tally(10)})
    state.save(tmp_path / "c.json", job.key(""))
    assert State.load(tmp_path / "c.json", job.key("")) == state
    assert State.load(tmp_path / "c.json", job.key("later")) == State()
    assert State.load(tmp_path / "c.json", {**job.key(""), "dtype": "bfloat16"}) == State()
    (tmp_path / "c.json").write_text("{")
    with pytest.raises(UsageError, match="is damaged: remove it, and the scan begins anew"):
        State.load(tmp_path / "c.json", job.key(""))


def test_a_helper_that_changes_is_another_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    helper = tmp_path / "helper_of_mine.py"
    helper.write_text("def soft(x): return x\n")
    soft = importlib.import_module("helper_of_mine").soft
    before = fingerprint([soft])
    assert before == fingerprint([soft])
    helper.write_text("def soft(x): return 2 * x\n")
    assert before != fingerprint([soft])


def test_a_helper_that_only_a_call_imports_and_that_changes_is_another_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine.py").write_text(
        "def my_softmax(x, axis=-1):\n    import late_helper\n    return late_helper.f(x)\n"
    )
    original = workers.WorkerPool.parts
    monkeypatch.setattr(workers.WorkerPool, "parts", lambda pool, spans, deadline: original(pool, spans[:1], deadline))
    found = []
    for kind in ("wide", "naive"):  # the second must not go on from where the first was
        (tmp_path / "late_helper.py").write_text(f"from extremum.reference.softmax import {kind} as f\n")
        given = proof(tmp_path, f"{tmp_path}/mine.py:my_softmax", part_rows=2**12)
        run_proofs(given, Console(file=io.StringIO()))
        (checkpoint,) = tmp_path.glob("checkpoint-*.json")
        found.append(json.loads(checkpoint.read_text()))
    assert found[0]["key"] != found[1]["key"]
    assert found[0]["done"] == found[1]["done"]


def is_loaded(name: str) -> bool:
    return name in sys.modules


def test_the_compiled_loops_are_loaded_when_the_fingerprint_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numba", reason="the loops are compiled by Numba (the extra fast)")
    (job,) = proof(tmp_path, "wide", part_rows=2**12).jobs
    monkeypatch.delitem(sys.modules, "extremum.properties.roles.softmax.kernel", raising=False)
    monkeypatch.delattr(softmax, "kernel", raising=False)
    softmax.fused.kernel.cache_clear()
    with workers.workers(job, 1, None) as pool:
        pool.ask(workers.asked_once, deadline=None)
        assert pool.ask(is_loaded, "extremum.properties.roles.softmax.kernel", deadline=None)


def test_a_budget_that_ends_leaves_cells_incomplete_and_a_checkpoint(tmp_path: Path) -> None:
    given = replace(proof(tmp_path, "naive", part_rows=5000), deadline=0.0)
    output = io.StringIO()
    report = run_proofs(given, Console(file=output))
    assert {c.verdict for c in report.cells} == {"incomplete"}
    assert "goes on from where it was" in " ".join(output.getvalue().split())


def test_a_subject_that_never_returns_ends_with_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(
        "import time\ndef my_softmax(x, axis=-1):\n    time.sleep(3600 if len(x) > 100 else 0)\n    return x\n"
    )
    monkeypatch.setattr(workers, "GRACE_SECONDS", 0.5)
    given = proof(tmp_path, f"{tmp_path}/mine.py:my_softmax", part_rows=5000)
    report = run_proofs(replace(given, deadline=time.monotonic() + 1), Console(file=io.StringIO()))
    assert {c.verdict for c in report.cells} == {"incomplete"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "when"),
    [
        ("x.ndim and (x != 0).all()", ""),  # as ordinary rows are, and so the trial call's
        ("len(x) == 1", ", again when run alone"),
        ("(x[..., 0] == 5).any()", ", again when run alone"),
    ],
)
def test_a_subject_that_ends_its_process_never_ends_the_command(tmp_path: Path, where: str, when: str) -> None:
    (tmp_path / "mine.py").write_text(
        "import os\nfrom extremum.reference.softmax import wide\n"
        f"def my_softmax(x, axis=-1):\n    if {where}:\n        os._exit(0)\n    return wide(x, axis)\n"
    )
    report = run_proofs(proof(tmp_path, f"{tmp_path}/mine.py:my_softmax", part_rows=2**20), Console(file=io.StringIO()))
    assert {(c.verdict, c.detail) for c in report.cells} == {("crashed", f"the process ended: exit 0{when}")}
    assert report.exit_code == 1


@pytest.mark.slow
def test_a_call_that_does_not_return_is_hung(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import time\nfrom extremum.reference.softmax import wide\n"
        "def my_softmax(x, axis=-1):\n    time.sleep(3600 if (x[..., 0] == 5).any() else 0)\n    return wide(x, axis)\n"
    )
    given = proof(tmp_path, f"{tmp_path}/mine.py:my_softmax", part_rows=2**20, cell_timeout="2", property=["finite"])
    (cell,) = run_proofs(given, Console(file=io.StringIO())).cells
    assert cell.verdict == "hung"
    assert cell.detail == "one call had not returned after 2 s, again when run alone"


@pytest.mark.slow
def test_a_call_that_never_lets_go_of_the_interpreter_is_hung(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from extremum.reference.softmax import wide\n"
        "def my_softmax(x, axis=-1):\n"
        "    sum(range(10**13 if (x[..., 0] == 5).any() else 1))\n    return wide(x, axis)\n"
    )
    given = proof(tmp_path, f"{tmp_path}/mine.py:my_softmax", part_rows=2**20, cell_timeout="2", property=["finite"])
    (cell,) = run_proofs(given, Console(file=io.StringIO())).cells
    assert (cell.verdict, cell.detail) == (
        "hung",
        "one call had not returned after 2 s, again when run alone",
    )


# The command


@pytest.mark.slow
def test_the_command_proves_and_refutes_whatever_the_number_of_workers(tmp_path: Path) -> None:
    records = []
    for count in ("1", "2"):
        result = audit(tmp_path / count, "shifted", "naive", "--exhaustive", "-n", count)
        assert result.exit_code == 0, result.output
        assert "proved shifted accuracy float16: every row (d, 0) with finite d >= 0: 31,744 rows" in result.output
        records.append(json.loads((tmp_path / count / "out.json").read_text()))
    jsonschema.validate(records[0], SCHEMA)
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
    assert "critical  exp overflow" in result.output
    assert "x = [0, 12]" in result.output


@pytest.mark.slow
def test_a_row_that_ends_the_process_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import os\nimport numpy as np\nfrom extremum.reference.softmax import wide\n"
        "def my_softmax(x, axis=-1):\n"
        "    if (x[..., 0] == 3.5).any():\n        os._exit(7)\n    return wide(x, axis)\n"
    )
    words = (f"{tmp_path}/mine.py:my_softmax", "--exhaustive", "--dtype", "float16", "--property", "finite,accuracy")
    result = audit(tmp_path / "r", *words)
    assert result.exit_code == 1
    told = " ".join(result.output.split())
    assert "fails finite and accuracy, in float16 said the process ended: exit 7, again when run alone" in told
    assert told.count("x = [3.5]") == 1


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
    options = ProofOptions.of(["references"], {"exhaustive": "gaps", "report_dir": "."}, 1)
    roles = {"softmax", "log_softmax", "logsumexp", "softmax_jacobian", "sigmoid"}
    assert {j.subject.role for j in options.jobs} == roles
