"""Rare and unstable answers: one row in hundreds, or one call, that is answered otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hosted
import numpy as np
import pytest

from extremum.properties.calling.call import Call
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject

ROLE = role_named("softmax")
QUICK = Settings(examples=0)
LOST = """
import numpy as np

chance = np.random.default_rng()


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    y = e / e.sum(axis=axis, keepdims=True)
    lost = chance.random(np.expand_dims(y.take(0, axis), axis).shape) < 1 / 500
    return np.where(lost, np.zeros((), x.dtype), y)
"""


def judged(function: Callable[..., Any], prop: str) -> Cell:
    found = ROLE.property_named(prop)
    assert found is not None
    return judge_cell(Subject("it", "softmax", function, axis="axis"), ROLE, found, "float32", QUICK)


@pytest.mark.parametrize("prop", ["determinism", "sum_to_one", "row_independence"])
def test_one_row_in_hundreds_that_varies_is_nondeterministic(tmp_path: Path, prop: str) -> None:
    (tmp_path / "k.py").write_text(LOST)
    subject, found, shared = tried(f"{tmp_path}/k.py:softmax", ROLE, Wish()), ROLE.property_named(prop), Shared()
    assert found is not None
    cell = judge_cell(subject, ROLE, found, "float32", QUICK, shared)
    shared.close()
    assert (cell.verdict, cell.cause) == ("refuted", "nondeterministic")


@pytest.mark.parametrize("prop", ["finite", "determinism"])
def test_an_answer_that_was_wrong_once_is_a_finding_though_no_call_fails_again(prop: str) -> None:
    calls = 0

    def warms_up(x: Array, axis: int = -1) -> Array:
        nonlocal calls
        out = wide(x, axis)
        if x.shape == (84, 17) and calls == 0:
            calls += 1
            out[40] = np.nan
        return out

    cell = judged(warms_up, prop)
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert "seen once" in cell.simplest.certified
    assert cell.simplest.arguments["x"]["shape"] == [1, 17]


def test_what_is_returned_in_place_of_an_answer_is_no_matter_of_determinism() -> None:
    def flat(x: Array, axis: int = -1) -> Array:
        return wide(x, axis).reshape(-1)

    assert judged(flat, "determinism").verdict == "held"


def test_a_row_that_differs_in_its_batch_alone_is_found_among_hundreds() -> None:
    def skips(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        if x.shape == (84, 25):
            out[70] = out[69]
        return out

    cell = judged(skips, "row_independence")
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert cell.simplest.arguments["x"]["shape"] == [84, 25]


def test_more_calls_than_a_channel_holds_are_sent_to_a_host() -> None:
    rows = [{"x": np.full((1, 2), k, np.float32)} for k in range(3000)]
    subject = hosted.subject("sound")
    shared = Shared()
    try:
        host = shared.host(subject, ROLE.signature, QUICK.limits)
        assert len(Call(subject, ROLE.signature, host).each(rows)) == len(rows)
    finally:
        shared.close()
