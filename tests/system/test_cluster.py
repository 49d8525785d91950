"""Audits and proofs on a Dask cluster of real processes: whatever becomes of them, the record is that of one worker."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dask_cluster import DaskCluster, kill_the_worker, wait_for
from rich.console import Console

from extremum.reports.commands.prove import ProofOptions, run_proofs
from extremum.reports.driving.cluster import Cluster, WorkersDied
from extremum.reports.driving.cluster_tasks import ANSWERED, STUCK, Answer, Question
from extremum.reports.record.reading import read_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes in /proc"),
]

# On a worker a call of `held_sigmoid` stands still for as long as the file `hold` is there, and says where it does.
SUBJECT = """
import os, time
from pathlib import Path
import numpy as np
FOLDER = Path({folder!r})
def held_sigmoid(x):
    from beside_it import exp  # travels too
    worker = os.environ.get("WORKER")
    if worker is not None:
        (FOLDER / ("calling-" + worker)).touch()
    while worker is not None and (FOLDER / "hold").exists():
        time.sleep(0.02)
    return 1 / (1 + exp(-x))
def naive_sigmoid(x):
    return np.exp(x) / (1 + np.exp(x))
"""
PATIENT = ("--cell-timeout", "1h", "--first-call-timeout", "1h")
WORDS = (
    *("audit", "mine.py:naive_sigmoid", "mine.py:held_sigmoid", "--dtype", "float32,float16", "--report-dir", "out"),
    *("--property", "finite,range,dtype", "--examples", "0", "--effort", "quick", "--regime", "overflow-edge"),
    *PATIENT,
)
PROOF = """
import sys
from dataclasses import replace
from rich.console import Console
from extremum.reports.commands.prove import ProofOptions, run_proofs
words = {"exhaustive": "all", "dtype": ["float16"], "report_dir": "out", "cluster": sys.argv[1],
         "first_call_timeout": "1h", "cell_timeout": "1h"}
options = ProofOptions.of(["mine.py:held_sigmoid"], words, 1)
run_proofs(replace(options, part_rows=9000), Console())
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    running = DaskCluster(tmp_path_factory.mktemp("cluster") / "logs")
    try:
        yield running
    finally:
        running.end()


def prepared(folder: Path) -> Path:
    (folder / "mine.py").write_text(SUBJECT.format(folder=str(folder)))
    (folder / "beside_it.py").write_text(
        "import numpy as np\ndef exp(x): return np.exp(x - x.max(-1, keepdims=True))\n"
    )
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepared(tmp_path)


@pytest.fixture(scope="module")
def record_of_one_worker(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = prepared(tmp_path_factory.mktemp("one"))
    with started(folder, "extremum", *WORDS, "-n", "1") as process:
        said = process.communicate()
    assert process.returncode == 1, said
    return untimed(folder)


def started(folder: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "HYPOTHESIS"))}
    return subprocess.Popen(
        [str(Path(sys.executable).parent / words[0]), *words[1:]],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=clean | environment,
    )


def untimed(folder: Path) -> dict[str, Any]:
    """The record, but for what tells of the run itself: its words, its folder, how long its cells took."""
    record = json.loads((folder / "out" / "report.json").read_text())
    for cell in record["cells"]:
        cell.pop("seconds")
        cell.pop("profile", None)
    del record["command"]
    del record["environment"]["named"]
    return dict(record)


def of_another_version(folder: Path) -> Path:
    """A place on whose path SciPy is of another version, as far as a record tells."""
    other = folder / "path" / "scipy-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 0.0.1\n")
    return other.parent


def calls(folder: Path, name: str) -> bool:
    return (folder / f"calling-{name}").exists()


def test_an_audit_on_two_workers_of_which_one_is_killed_and_one_of_another_version_added_is_that_of_one(
    cluster: DaskCluster, folder: Path, record_of_one_worker: dict[str, Any]
) -> None:
    cluster.add("one")
    cluster.add("two")
    (folder / "hold").touch()
    with started(folder, "extremum", *WORDS, "--cluster", cluster.address) as process:
        wait_for(lambda: calls(folder, "one") and calls(folder, "two"), process)
        cluster.kill("one")
        cluster.add("three", PYTHONPATH=str(of_another_version(folder)))
        wait_for(lambda: calls(folder, "three"), process)
        (folder / "hold").unlink()
        said = process.communicate()
    assert process.returncode == 1, said
    record = untimed(folder)
    workers = record["environment"].pop("workers")
    assert record == record_of_one_worker
    assert [row["versions"]["scipy"] == "0.0.1" for row in workers].count(True) == 1
    assert len(workers) == 2
    assert len({row["processor"] for row in workers}) == 1
    cluster.kill("two")
    cluster.kill("three")
    wait_for(lambda: not cluster.judges())


def test_a_proof_on_two_workers_of_which_one_is_killed_is_that_of_one_worker(
    cluster: DaskCluster, folder: Path
) -> None:
    cluster.add("four")
    cluster.add("five")
    (folder / "hold").touch()
    with started(folder, "python", "-c", PROOF, cluster.address) as process:
        wait_for(lambda: calls(folder, "four") and calls(folder, "five"), process)
        cluster.kill("four")
        (folder / "hold").unlink()
        said = process.communicate()
    assert process.returncode == 0, said
    words = {"exhaustive": "all", "dtype": ["float16"], "report_dir": str(folder / "once")}
    alone = replace(ProofOptions.of([f"{folder}/mine.py:held_sigmoid"], words, 1), part_rows=2**14)
    once = [cell.to_json() for cell in run_proofs(alone, Console(file=io.StringIO())).cells]
    there = [cell.to_json() for cell in read_report(folder / "out" / "report.json").cells]
    assert {cell["verdict"] for cell in once} == {"proved", "refuted"}
    assert [{**c, "seconds": 0} for c in there] == [{**c, "seconds": 0} for c in once]
    cluster.kill("five")


def test_what_ctrl_c_ends_is_gone_on_with_and_outlives_the_scheduler(
    cluster: DaskCluster, folder: Path, record_of_one_worker: dict[str, Any]
) -> None:
    cluster.add("six")
    (folder / "hold").touch()
    journal = folder / "out" / "journal.jsonl"
    with started(folder, "extremum", *WORDS, "--cluster", cluster.address) as process:
        wait_for(lambda: calls(folder, "six") and journal.read_bytes().count(b"\n") > 2, process)
        process.send_signal(signal.SIGINT)
        said = process.communicate()
    assert process.returncode == 2, said
    assert "--resume goes on from there" in said[1]
    wait_for(lambda: not cluster.judges())  # the worker ends what nobody waits for
    assert (folder / "hold").exists()
    (folder / "calling-six").unlink()
    with started(folder, "extremum", *WORDS, "--cluster", cluster.address, "--resume") as process:
        wait_for(lambda: calls(folder, "six"), process)
        cluster.kill("scheduler")
        cluster.kill("six")
        cluster.start()
        cluster.add("seven")
        wait_for(lambda: calls(folder, "seven"), process)
        (folder / "hold").unlink()
        said = process.communicate()
    assert process.returncode == 1, said
    assert untimed(folder) == record_of_one_worker
    cluster.kill("seven")


def test_a_library_that_a_worker_lacks_is_an_error_that_names_both(cluster: DaskCluster, folder: Path) -> None:
    cluster.add("eight")
    (folder / "library").mkdir()
    (folder / "library" / "only_here.py").write_text("")
    (folder / "mine.py").write_text("import only_here\n" + (folder / "mine.py").read_text())
    words = (*WORDS, "--cluster", cluster.address)
    with started(folder, "extremum", *words, PYTHONPATH=str(folder / "library")) as process:
        said, errors = process.communicate()
    assert process.returncode == 4, said
    (line,) = errors.splitlines()
    assert line.startswith("extremum: cluster: worker tcp://127.0.0.1:")
    assert line.endswith(" lacks only_here: install it there, or leave its subjects out")
    cluster.kill("eight")


def test_a_task_that_kills_three_workers_has_done_it_and_one_that_does_not_return_is_stuck(
    cluster: DaskCluster,
) -> None:
    cluster.add("ten", "--nanny", PYTHONPATH=str(Path(__file__).parents[1] / "support"))
    killing, stuck = Question([(kill_the_worker, ())]), Question([(signal.pause, ())], seconds=0.5)
    questions = [killing, stuck, Question([(os.getpid, ())])]
    with Cluster(cluster.address) as asked:
        answers = dict(asked.answers(questions))
    assert isinstance(answers[0], WorkersDied)
    assert isinstance(answers[1], Answer)
    assert isinstance(answers[2], Answer)
    assert [answer.outcomes[0][0] for answer in (answers[1], answers[2])] == [STUCK, ANSWERED]
