"""The option --cluster: words that are refused in one line, before anything is judged; and cells as tasks."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from extremum.reports.cli import main
from extremum.reports.driving import cluster
from extremum.reports.driving.cluster_audit import TASK_BLOCKS, tasks_of
from extremum.reports.driving.request import Request, resolved, tasks
from extremum.reports.driving.shards import cost

NOBODY = "tcp://127.0.0.1:9"  # a port that nobody listens at


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cluster", "scheduler"), "cluster='scheduler' is no address: write tcp://scheduler:8786"),
        (("--cluster", NOBODY, "-n", "2"), f"-n 2 and cluster={NOBODY!r}: the workers are the cluster's"),
        (("--cluster", NOBODY), f"cluster={NOBODY!r}: no scheduler answers there"),
        (("--cluster", NOBODY, "--exhaustive"), f"cluster={NOBODY!r}: no scheduler answers there"),
    ],
)
def test_a_cluster_that_is_none_is_refused_in_a_line(
    words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.1)
    done = CliRunner().invoke(main, ["audit", "shifted", "--role", "softmax", *words])
    assert (done.exit_code, done.output) == (4, f"extremum: {message}\n")


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = CliRunner().invoke(main, ["audit", "shifted", "--role", "softmax", "--cluster", NOBODY])
    assert done.exit_code == 4
    assert "needs Dask: pip install 'extremum[cluster]'" in done.output


def test_every_cell_is_in_one_task_and_those_that_share_answers_in_the_same() -> None:
    request = Request(("shifted", "naive"), role="softmax", dtypes=("float32", "float16"))
    rows = tasks(request, resolved(request))
    batches = tasks_of(rows, request)
    assert sorted(task.key for batch in batches for task in batch) == sorted(task.key for task in rows)
    for batch in batches:
        assert len({(task.subject.name, task.dtype, task.property.one_call) for task in batch}) == 1
        loads = [cost(task.role, task.property, 0) for task in batch]
        assert batch[0].property.one_call or sum(loads[:-1]) < TASK_BLOCKS
    shared = [batch for batch in batches if batch[0].property.one_call]
    assert len(shared) == 4
