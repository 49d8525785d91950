"""Shards: cells dealt alike on every machine, and reports put together to the report of one run."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from extremum.properties.contested.situations import Behaviour
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reports.cli import main
from extremum.reports.driving.request import Request, resolved, tasks
from extremum.reports.driving.shards import cost, merged, share
from extremum.reports.record.record import SHARD, Record

REQUEST = Request(("references",))
SUBJECTS = resolved(REQUEST)
ROWS = tasks(REQUEST, SUBJECTS)
NUMBER = 7
FEW = ("shifted", "naive", "--role", "softmax", "--dtype", "float32", "--property", "dtype,shape", "-n", "0")


def shards_of_a_run() -> tuple[Record, dict[str, Record]]:
    """A record, and those of its three shards."""
    cells = [Cell("f.py:f", "softmax", name, "EX101", "float32", examined=n) for n, name in enumerate("abcdef")]
    behaviours = [Behaviour(name, "softmax", "nan", "float32", "gives nan") for name in ("f.py:f", "f.py:g")]
    subjects = [{"name": name, "role": "softmax"} for name in ("f.py:f", "f.py:g")]
    whole = Record(cells, 5, (), subjects, environment={}, contested=behaviours)
    places = {1: [0, 5], 2: [3, 1, 2, 4], 3: []}
    parts = {}
    for number, mine in places.items():
        shard = {"number": number, "of": 3, "run": "x", "cells": mine}
        own = [[behaviours[1]], [behaviours[0]], []][number - 1]
        parts[f"{number}.json"] = replace(
            whole, cells=[cells[i] for i in mine], contested=own, environment={SHARD: shard}
        )
    return whole, parts


def test_every_cell_and_every_question_is_in_one_shard() -> None:
    parts = [share(REQUEST, ROWS, SUBJECTS, number, NUMBER) for number in range(1, NUMBER + 1)]
    assert sorted(task.key for part in parts for task in part.tasks) == sorted(task.key for task in ROWS)
    assert sorted(s.name for part in parts for s in part.characterised) == sorted(s.name for s in SUBJECTS)
    assert len({part.record["run"] for part in parts}) == 1


def test_the_shards_cost_alike() -> None:
    parts = [share(REQUEST, ROWS, [], number, NUMBER) for number in range(1, NUMBER + 1)]
    loads = [sum(cost(task.role, task.property, 0) for task in part.tasks) for part in parts]
    assert max(loads) < 1.05 * min(loads)


def test_the_shards_of_what_is_asked_for_otherwise_are_of_another_run() -> None:
    known = share(REQUEST, ROWS, SUBJECTS, 1, 2).record["run"]
    assert share(replace(REQUEST, examples=3), ROWS, SUBJECTS, 1, 2).record["run"] != known
    assert share(REQUEST, ROWS[1:], SUBJECTS, 1, 2).record["run"] != known


@pytest.mark.parametrize("seed", range(3))
def test_the_union_is_the_record_of_one_run_whatever_the_order(seed: int) -> None:
    whole, parts = shards_of_a_run()
    names = list(parts)
    random.Random(seed).shuffle(names)
    assert merged({name: parts[name] for name in names}, ()).to_json() == whole.to_json()


def test_an_interrupted_shard_interrupts_the_whole() -> None:
    _, parts = shards_of_a_run()
    parts["2.json"] = replace(parts["2.json"], interrupted=True)
    assert merged(parts, ()).exit_code == 2


def changed(parts: dict[str, Record], name: str, **values: Any) -> dict[str, Record]:
    shard = {**parts[name].environment[SHARD], **values}
    return {**parts, name: replace(parts[name], environment={SHARD: shard})}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: {k: v for k, v in p.items() if k != "3.json"}, "no report is of shard 3/3"),
        (lambda p: {**p, "4.json": p["3.json"]}, "'3.json' and '4.json' are the same shard, 3/3"),
        (
            lambda p: {**p, "2.json": replace(p["2.json"], seed=6)},
            "'2.json' and '1.json' are of different runs: the see",
        ),
        (
            lambda p: {**p, "2.json": replace(p["2.json"], subjects=[])},
            "'2.json' and '1.json' are of different runs: a",
        ),
        (lambda p: {**p, "2.json": replace(p["2.json"], environment={})}, "'2.json' is of no shard: a report of"),
        (lambda p: changed(p, "2.json", run="y"), "'2.json' and '1.json' are of different runs: what was asked for"),
        (lambda p: changed(p, "2.json", of=4), "'2.json' and '1.json' are of different runs: the number of shards"),
        (lambda p: changed(p, "2.json", number=0), "'2.json': environment.shard: 0/3 is no shard"),
        (lambda p: changed(p, "2.json", cells=[1, 2]), "'2.json': environment.shard.cells has 2 places for 4 cells"),
        (
            lambda p: changed(p, "2.json", cells=[5, 1, 2, 4]),
            "'2.json': cell ('softmax', 'f.py:f', 'd', 'float32') sta",
        ),
        (lambda p: changed(p, "2.json", cells=[3, 1, 2, 9]), "cells are missing: environment.shard.cells of all"),
        (lambda p: changed(p, "2.json", cells="all"), "'2.json': environment.shard.cells='all' is not valid: a list"),
    ],
)
def test_shards_that_are_not_those_of_one_run_are_refused(change: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        merged(change(shards_of_a_run()[1]), ())
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("word", ["3", "0/3", "4/3", "-1/3", "1/0", "1/99999999", "a/b", "1/2/3", ""])
def test_a_word_that_is_no_shard_is_refused(word: str) -> None:
    done = CliRunner().invoke(main, ["audit", "naive", "--shard", word])
    assert done.exit_code == 4
    assert f"shard={word!r} is not a shard" in done.output


def test_the_reports_of_shards_become_that_of_one_run_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, words)

    assert run("audit", *FEW, "--report-dir", "whole").exit_code == 0
    codes = [run("audit", *FEW, "--report-dir", f"part{k}", "--shard", f"{k}/5").exit_code for k in range(1, 6)]
    assert codes == [0] * 5  # the last is empty
    files = [f"part{k}/report.json" for k in (5, 4, 2, 3, 1)]
    assert run("merge", *files, "--report-dir", "union").exit_code == 0
    assert json.loads(Path("part5/report.json").read_text())["cells"] == []
    assert comparable(Path("union")) == comparable(Path("whole"))
    assert run("merge", *files[1:], "--report-dir", "union").exit_code == 4
    assert run("merge", *files, files[0], "--report-dir", "union").exit_code == 4
    assert run("audit", "naive", "--exhaustive", "gaps", "--shard", "1/2").exit_code == 4


def comparable(folder: Path) -> dict[str, Any]:
    """A record without what differs between two runs."""
    record = json.loads((folder / "report.json").read_text())
    for cell in record["cells"]:
        del cell["seconds"]
    return {key: value for key, value in record.items() if key not in ("environment", "command", "timing")}
